/* SPDX-License-Identifier: Apache-2.0 */
#include "template/template.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "test.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/output.h"

static const struct template_var vars[] = {
	{ "NAME", "node0" },
	{ "EMPTY", "" },
	{ "DOLLAR", "${NAME} $" },
	{ "POD_SUBNET", "10.0.0.0/8" },
};

#define UNCLOSED "'${' that is not closed, or with more than a name in it"

/* clang-format off */
static const struct {
	const char *name, *text, *want;
	/** Of the only mistake, if message is set. */
	const char *message, *help;
	unsigned line, column, length;
} cases[] = {
	{ "empty", "", "" },
	{ "no names", "a: {b: c}\n", "a: {b: c}\n" },
	{ "a name", "name: ${NAME}\n", "name: node0\n" },
	{ "twice on a line", "${NAME}${NAME}", "node0node0" },
	{ "default not used", "${NAME:-x}", "node0" },
	{ "default used", "${EMPTY:-a b: c}", "a b: c" },
	{ "empty default", "[${EMPTY:-}]", "[]" },
	{ "dollar", "$$${NAME}$${NAME}", "$node0${NAME}" },
	{ "values are not rendered again", "${DOLLAR}", "${NAME} $" },
	{ "unknown", "a\n  b: ${NMAE}\n", NULL, "no variable named 'NMAE'", NULL, 2, 8, 4 },
	{ "near", "${POD_SUBNETS}", NULL, "no variable named 'POD_SUBNETS'", "did you mean 'POD_SUBNET'?", 1, 3, 11 },
	{ "unknown with default", "${OTHER:-x}", NULL, "no variable named 'OTHER'", NULL, 1, 3, 5 },
	{ "lonely dollar", "costs 5$\n", NULL, "a dollar sign on its own", "write $$ for a dollar sign", 1, 8, 1 },
	{ "shell variable", "echo $NAME\n", NULL, "a dollar sign on its own", "write $$ for a dollar sign", 1, 6, 1 },
	{ "at the end", "x$", NULL, "a dollar sign on its own", "write $$ for a dollar sign", 1, 2, 1 },
	{ "unclosed", "${NAME\n}", NULL, UNCLOSED, "${NAME} and ${NAME:-default} are replaced; a dollar sign is $$", 1, 1, 7 },
	{ "unclosed at the end", "a ${", NULL, UNCLOSED, NULL, 1, 3, 3 },
	{ "no name", "${}", NULL, UNCLOSED, NULL, 1, 1, 3 },
	{ "lower case", "${name}", NULL, UNCLOSED, NULL, 1, 1, 3 },
	{ "other operator", "${NAME:=x}", NULL, UNCLOSED, NULL, 1, 1, 7 },
	{ "unclosed default", "${NAME:-x\n}", NULL, UNCLOSED, NULL, 1, 1, 10 },
	{ "nested", "${NAME:-${EMPTY}x", NULL, UNCLOSED, NULL, 1, 1, 9 },
};
/* clang-format on */

static void renders(void **state)
{
	(void)state;
	TEST_EACH (i, cases) {
		AUTODIAGS struct diags diags = { 0 };
		AUTOBUF struct buf got = { 0 };
		const char *name = cases[i].name;
		const struct source *source = diags_source(&diags, "t", buf_from(cases[i].text));

		template_render(source, vars, ARRAY_SIZE(vars), &got, &diags);
		if (!cases[i].message) {
			assert_case(name, diags.count == 0);
			assert_text(name, buf_text(&got), cases[i].want);
			continue;
		}

		assert_case(name, diags.errors == 1 && diags.count == 1);
		assert_text(name, diags.list[0].message, cases[i].message);
		assert_case(name, diags.list[0].at.line == cases[i].line);
		assert_case(name, diags.list[0].at.column == cases[i].column);
		assert_case(name, diags.list[0].at.length == cases[i].length);
		if (cases[i].help)
			assert_text(name, diags.list[0].help, cases[i].help);
	}
}

static void reports_every_mistake(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	AUTOBUF struct buf text = { 0 }, got = { 0 };

	(void)state;
	buf_add(&text, "$\n${X}\n\0${NAME", 14);
	const struct source *source = diags_source(&diags, "t", TAKE_BUF(text));

	template_render(source, vars, ARRAY_SIZE(vars), &got, &diags);
	assert_int_equal(diags.errors, 4);
	assert_string_equal(diags.list[2].message, "a 0 byte; templates are text");
	assert_int_equal(diags.list[3].at.line, 3);
	assert_int_equal(diags.list[3].at.column, 2);
}

static void put(const char *dir, const char *name, const char *text)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOFREE char *path = xasprintf("%s/%s", dir, name);
	AUTOOUTPUT struct output out = OUTPUT_NONE;

	assert_int_equal(output_open(path, &out, &err), 0);
	assert_int_equal(file_write_fd(out.fd, text, strlen(text)), 0);
	assert_int_equal(output_publish(&out, true, &err), 0);
}

static void drop(const char *dir, const char *name)
{
	AUTOFREE char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(unlink(path), 0);
}

static void finds_the_first(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTODIAGS struct diags diags = { 0 };
	char mine[] = "/tmp/nib-template-XXXXXX", installed[] = "/tmp/nib-template-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(mine));
	assert_non_null(mkdtemp(installed));
	put(mine, "a", "mine");
	put(installed, "a", "installed");
	put(installed, "b", "installed");

	const char *const both[] = { mine, installed }, *const one[] = { NULL, installed };
	const struct source *source = template_find(both, 2, "a", &diags, &err);
	assert_non_null(source);
	assert_string_equal(buf_text(&source->text), "mine");
	assert_memory_equal(source->name, mine, strlen(mine));

	source = template_find(both, 2, "b", &diags, &err);
	assert_string_equal(buf_text(&source->text), "installed");
	source = template_find(one, 2, "a", &diags, &err);
	assert_string_equal(buf_text(&source->text), "installed");

	assert_null(template_find(both, 2, "c", &diags, &err));
	assert_int_equal(err.code, -ENOENT);
	assert_non_null(strstr(err.message, "no template 'c' in '/tmp/nib-template-"));
	assert_non_null(strstr(err.message, installed));

	drop(mine, "a");
	drop(installed, "a");
	drop(installed, "b");
	assert_int_equal(rmdir(mine), 0);
	assert_int_equal(rmdir(installed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renders),
		cmocka_unit_test(reports_every_mistake),
		cmocka_unit_test(finds_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
