/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every file in tests/data/good loads without a finding, and every one in
 * tests/data/bad gives exactly the diagnostics beside it (NAME.expected).
 *
 * To add a case, write NAME.yaml and run this program with NIB_UPDATE=1; then read
 * what it wrote.
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/cluster.h"
#include "test.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

static int is_yaml(const struct dirent *entry)
{
	return text_ends(entry->d_name, ".yaml");
}

static char *diagnostics(const char *file)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (cluster_load(file, NIB_SOURCEDIR "/boards", &cluster, &diags, &err) < 0)
		fail_msg("%s: %s", file, err.message);
	diags_print(&diags, stream, false, true);
	(void)fclose(stream);
	return text;
}

/* Call a function for each file, in the files' directory, so that diagnostics hold no path. */
static int each_file(const char *directory, bool (*check)(const char *file))
{
	struct dirent **entries = NULL;
	int failed = 0;

	assert_int_equal(chdir(directory), 0);

	int count = scandir(".", &entries, is_yaml, alphasort);
	for (int i = 0; i < count; i++) {
		failed += !check(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	assert_int_equal(failed, 0);
	return count;
}

static bool check_good(const char *file)
{
	AUTOFREE char *got = diagnostics(file);

	if (*got)
		print_error("%s:\n%s", file, got);
	return !*got;
}

static bool check_bad(const char *file)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUF struct buf want = { 0 };
	AUTOFREE char *got = diagnostics(file);
	AUTOFREE char *expected = xasprintf("%.*s.expected", (int)strlen(file) - 5, file);

	if (getenv("NIB_UPDATE")) {
		FILE *stream = fopen(expected, "w");

		assert_non_null(stream);
		(void)fputs(got, stream);
		assert_int_equal(fclose(stream), 0);
	}

	if (file_read(expected, 1 << 20, &want, NULL, &err) < 0) {
		print_error("%s\n", err.message);
		return false;
	}

	bool same = want.len && strcmp(got, buf_text(&want)) == 0;
	if (!same)
		print_error("%s gives\n%s\ninstead of\n%s\n", file, got, buf_text(&want));
	return same;
}

static void accepts_good_files(void **state)
{
	(void)state;
	assert_true(each_file(NIB_SOURCEDIR "/tests/data/good", check_good) >= 8);
}

static void explains_bad_files(void **state)
{
	(void)state;
	assert_true(each_file(NIB_SOURCEDIR "/tests/data/bad", check_bad) >= 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_good_files),
		cmocka_unit_test(explains_bad_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
