/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/configtxt.h"

#include <errno.h>

#include "test.h"
#include "util/alloc.h"

#define BLOCK(lines) "# nib: begin\n" lines "# nib: end\n"

static void sets_the_block(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *text;
		const char *lines[4];
		const char *want;
	} cases[] = {
		{ "after the last filter", "arm_boost=1\n\n[cm4]\notg_mode=1\n\n[all]\n", { "arm_freq=1500" },
		  "arm_boost=1\n\n[cm4]\notg_mode=1\n\n[all]\n" BLOCK("[all]\narm_freq=1500\n") },
		{ "no [all] at the end",   "[pi5]\nx=1\n", { "a=1", "b=2" },
		  "[pi5]\nx=1\n" BLOCK("[all]\na=1\nb=2\n") },
		{ "no newline at the end", "x=1", { "a=1" }, "x=1\n" BLOCK("[all]\na=1\n") },
		{ "empty file",            "", { "a=1" }, BLOCK("[all]\na=1\n") },
		{ "an older block",        "x=1\n" BLOCK("[all]\nold=1\n"), { "new=1" },
		  "x=1\n" BLOCK("[all]\nnew=1\n") },
		{ "a block in the middle", "x=1\n" BLOCK("[all]\na=1\n") "[pi4]\ny=1\n", { "a=1" },
		  "x=1\n[pi4]\ny=1\n" BLOCK("[all]\na=1\n") },
		{ "nothing to add",        "x=1\n", { NULL }, "x=1\n" },
		{ "nothing any more",      "x=1\n" BLOCK("[all]\na=1\n"), { NULL }, "x=1\n" },
		{ "filters of its own",    "x=1\n", { "[pi5]", "a=1" },
		  "x=1\n" BLOCK("[all]\n[pi5]\na=1\n[all]\n") },
		{ "end without a begin",   "x=1\n# nib: end\n", { "a=1" }, "x=1\n" BLOCK("[all]\na=1\n") },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOFREE char *got = NULL, *again = NULL;

		assert_case(cases[i].name,
			    configtxt_set(cases[i].text, cases[i].lines, &got, &err) == 0);
		assert_text(cases[i].name, got, cases[i].want);
		assert_case(cases[i].name, configtxt_set(got, cases[i].lines, &again, &err) == 0);
		assert_text(cases[i].name, again, got);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text;
		const char *lines[2];
		const char *want;
	} cases[] = {
		{ "# nib: begin\nx=1\n",
		  { "a=1" },
		  "there is a line '# nib: begin' without a '# nib: end'" },
		{ "", { "a=1\nb=2" }, "line for config.txt contains a control character" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOFREE char *got = NULL;

		assert_case(cases[i].want,
			    configtxt_set(cases[i].text, cases[i].lines, &got, &err) == -EINVAL);
		assert_text(cases[i].text, err.message, cases[i].want);
	}
}

static void reads_values(void **state)
{
	static const char *const pi5[] = { "pi5", NULL };
	static const char text[] = "auto_initramfs=1\r\n#kernel=no.img\n[pi4]\nkernel=four.img\n"
				   "[pi5]\n kernel=five.img \n[all]\narm_64bit=1\narm_64bit=0\n";
	static const struct {
		const char *name;
		const char *const *filters;
		const char *key, *want;
	} cases[] = {
		{ "before any filter", pi5, "auto_initramfs", "1" },
		{ "own filter", pi5, "kernel", "five.img" },
		{ "no filters", NULL, "kernel", NULL },
		{ "last one counts", NULL, "arm_64bit", "0" },
		{ "not there", pi5, "arm_64", NULL },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *got = configtxt_get(text, cases[i].filters, cases[i].key);

		assert_case(cases[i].name, !got == !cases[i].want);
		if (got)
			assert_text(cases[i].name, got, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_the_block),
		cmocka_unit_test(refuses),
		cmocka_unit_test(reads_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
