/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/overlay.h"

#include <archive.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>

#include "fake-archive.h"
#include "test.h"
#include "util/alloc.h"

static const struct fake_entry good[] = {
	{ "./", 'd', NULL, 0755, 0 },
	{ "./etc/", 'd', NULL, 0750, 0 },
	{ "./etc//motd", 'f', "hello\n", 0644, 1000 },
	{ "opt/sch\xc3\xb6n", 'f', "", 04755, 0 },
	{ "opt/link", 'l', "../etc/sch\xc3\xb6n", 0777, 0 },
	{ NULL },
};

static void reads_archives(void **state)
{
	static const struct {
		const char *name;
		int filter, format;
	} cases[] = {
		{ "ustar", ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_TAR_USTAR },
		{ "GNU", ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_TAR_GNUTAR },
		{ "pax", ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE },
		{ "gzip", ARCHIVE_FILTER_GZIP, ARCHIVE_FORMAT_TAR_USTAR },
		{ "bzip2", ARCHIVE_FILTER_BZIP2, ARCHIVE_FORMAT_TAR_USTAR },
		{ "xz", ARCHIVE_FILTER_XZ, ARCHIVE_FORMAT_TAR_USTAR },
		{ "zstd", ARCHIVE_FILTER_ZSTD, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE },
		{ "lz4", ARCHIVE_FILTER_LZ4, ARCHIVE_FORMAT_TAR_USTAR },
	};
	/* clang-format off */
	static const struct {
		enum file_type type;
		const char *path, *text;
		mode_t mode;
		uid_t uid;
	} want[] = {
		{ FILE_DIRECTORY, "",                  "",            0755,  0 },
		{ FILE_DIRECTORY, "/etc",              "",            0750,  0 },
		{ FILE_REGULAR,   "/etc/motd",         "hello\n",     0644,  1000 },
		{ FILE_REGULAR,   "/opt/sch\xc3\xb6n", "",            04755, 0 },
		{ FILE_SYMLINK,   "/opt/link",         "../etc/sch\xc3\xb6n", 0777,  0 },
	};
	/* clang-format on */

	(void)state;
	/* Names must not depend on the locale, which may know no letter but those of ASCII. */
	assert_non_null(setlocale(LC_ALL, "C"));
	TEST_EACH (i, cases) {
		AUTOBUF struct buf archive = fake_archive(good, cases[i].filter, cases[i].format);
		AUTOOVERLAY struct overlay overlay = { 0 };
		AUTOERROR struct error err = ERROR_NONE;

		assert_case(cases[i].name, overlay_read(&archive, &overlay, &err) == 0);
		assert_case(cases[i].name, overlay.count == ARRAY_SIZE(want));
		TEST_EACH (j, want) {
			const struct overlay_entry *e = &overlay.list[j];

			assert_text(cases[i].name, e->path, want[j].path);
			assert_case(e->path, e->type == want[j].type);
			assert_text(e->path, e->target ? e->target : buf_text(&e->content),
				    want[j].text);
			assert_case(e->path, e->attr.mode == want[j].mode);
			assert_case(e->path, e->attr.uid == want[j].uid);
		}
	}
}

static void refuses_by_name(void **state)
{
	char far[PATH_MAX + 1] = { 0 };

	memset(far, 'x', PATH_MAX);
	/* clang-format off */
	const struct {
		struct fake_entry entries[3];
		const char *want;
	} cases[] = {
		{ { { "/etc/passwd", 'f', "x", 0644, 0 } }, "'/etc/passwd' is an absolute path" },
		{ { { "a/../../etc", 'f', "x", 0644, 0 } }, "'a/../../etc' leads upwards by '..'" },
		{ { { "..", 'd', NULL, 0755, 0 } }, "'../' leads upwards by '..'" },
		{ { { "a\033[2J", 'f', "x", 0644, 0 } }, "'a?[2J' has a control character in its path" },
		{ { { "a", 'f', "x", 0644, 0 }, { "b", 'h', "a", 0644, 0 } }, "'b' is a hard link" },
		{ { { "fifo", 'p', NULL, 0644, 0 } }, "'fifo' is a special file" },
		{ { { "dev", 'c', NULL, 0644, 0 } }, "'dev' is a special file" },
		{ { { "out", 'l', "/etc", 0777, 0 }, { "out/shadow", 'f', "x", 0644, 0 } },
		  "'/out/shadow' is below '/out', which is a symbolic link" },
		{ { { "out/shadow", 'f', "x", 0644, 0 }, { "out", 'l', "/etc", 0777, 0 } },
		  "'/out/shadow' is below '/out', which is a symbolic link" },
		{ { { "a", 'f', "x", 0644, 0 }, { "a/b/c", 'f', "x", 0644, 0 } },
		  "'/a/b/c' is below '/a', which is a file" },
		{ { { "a", 'f', "x", 0644, (uid_t)-1 } }, "'a' has an owner that cannot be" },
		{ { { "far", 'l', far, 0777, 0 } },
		  "'far' is a symbolic link to a path of more than 4095 bytes" },
		{ { { "./", 'l', "/etc", 0777, 0 } }, "'./' has no name below the directory" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBUF struct buf archive = fake_archive(cases[i].entries, ARCHIVE_FILTER_NONE,
							  ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
		AUTOOVERLAY struct overlay overlay = { 0 };
		AUTOERROR struct error err = ERROR_NONE;

		assert_case(cases[i].want, overlay_read(&archive, &overlay, &err) == -EINVAL);
		assert_text("archive", err.message, cases[i].want);
		assert_case(cases[i].want, overlay.count == 0);
	}
}

/* Names that are only near to each other are not below each other. */
static void tells_neighbours_apart(void **state)
{
	static const struct fake_entry entries[] = {
		{ "a", 'l', "x", 0777, 0 },    { "a-b", 'd', NULL, 0755, 0 },
		{ "a-b/c", 'f', "", 0644, 0 }, { "a.d/c", 'f', "", 0644, 0 },
		{ "ab/c", 'f', "", 0644, 0 },  { NULL },
	};
	AUTOBUF struct buf archive =
		fake_archive(entries, ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_TAR_USTAR);
	AUTOOVERLAY struct overlay overlay = { 0 };
	AUTOERROR struct error err = ERROR_NONE;

	(void)state;
	assert_int_equal(overlay_read(&archive, &overlay, &err), 0);
	assert_int_equal(overlay.count, 5);
}

static void refuses_other_files(void **state)
{
	static const struct {
		const char *name;
		const char *content;
		size_t len;
	} cases[] = {
		{ "text", "hello, this is no archive\n", 26 },
		{ "empty gzip", "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20 },
		{ "cut off", NULL, 700 },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBUF struct buf archive =
			fake_archive(good, ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_TAR_USTAR);
		AUTOOVERLAY struct overlay overlay = { 0 };
		AUTOERROR struct error err = ERROR_NONE;

		if (cases[i].content) {
			archive.len = 0;
			buf_add(&archive, cases[i].content, cases[i].len);
		}
		archive.len = cases[i].len;
		assert_case(cases[i].name, overlay_read(&archive, &overlay, &err) == -EINVAL);
		assert_case(cases[i].name,
			    strstr(err.message, "not a tar archive that can be read") != NULL);
	}
}

static void keeps_to_the_limits(void **state)
{
	struct fake_entry *entries = xcalloc(OVERLAY_MAX_ENTRIES + 2, sizeof(*entries));
	AUTOFREE struct fake_entry *owned = entries;
	AUTOERROR struct error err = ERROR_NONE, long_err = ERROR_NONE;
	AUTOOVERLAY struct overlay overlay = { 0 };
	char path[OVERLAY_MAX_PATH + 2];

	(void)state;
	for (size_t i = 0; i <= OVERLAY_MAX_ENTRIES; i++)
		entries[i] = (struct fake_entry){ "d", 'd', NULL, 0755, 0 };
	AUTOBUF struct buf many =
		fake_archive(entries, ARCHIVE_FILTER_GZIP, ARCHIVE_FORMAT_TAR_USTAR);
	assert_int_equal(overlay_read(&many, &overlay, &err), -EFBIG);
	assert_text("entries", err.message, "the archive has more than 10000 entries");

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	const struct fake_entry deep[] = { { path, 'f', "", 0644, 0 }, { NULL } };
	AUTOBUF struct buf long_path =
		fake_archive(deep, ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
	assert_int_equal(overlay_read(&long_path, &overlay, &long_err), -EINVAL);
	assert_text("path", long_err.message, "a path has more than 1024 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_archives),         cmocka_unit_test(refuses_by_name),
		cmocka_unit_test(tells_neighbours_apart), cmocka_unit_test(refuses_other_files),
		cmocka_unit_test(keeps_to_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
