/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and symbolic links, across mount points, inside an image. */
#include "image.h"

#include <errno.h>

#define TREE                                                                            \
	"echo passwd >etc/passwd; mkdir -p usr/lib usr/share; echo f >usr/lib/f; "      \
	"ln -s usr/lib lib; ln -s /usr/lib abs; ln -s ../../etc/passwd usr/lib/rel; "   \
	"ln -s ./../usr//./lib usr/dots; ln -s loop2 loop1; ln -s loop1 loop2; "        \
	"ln -s ../../.. up; ln -s /.. top; ln -s /proc/self/root/etc evil; "            \
	"ln -s ../evil/x usr/chain; ln -s nowhere dangling; ln -s firmware/overlays "   \
	"boot/overlays; "                                                               \
	"ln -s ../../usr/share/../../../usr usr/share/far; ln -s etc/passwd/x notdir; " \
	"ln -s $'bad\\e[1m\\n' ctrl; ln -s f usr/lib/link; ln -s usr/lib c0; "          \
	"for i in $(seq 45); do ln -s c$((i-1)) c$i; done"

static struct image image;
static struct backend *backend;

static int open_image(void **state)
{
	(void)state;
	image_make(&image, &(struct image_options){ .root = TREE });
	backend = image_mount(&image, false);

	AUTOBUF struct buf text = buf_from("on the FAT\n");
	assert_ok(backend->ops->mkdir(backend, "/boot/firmware/overlays", &(struct file_attr){ 0 },
				      err));
	assert_ok(backend->ops->write(backend, "/boot/firmware/overlays/x.dtbo", &text,
				      &(struct file_attr){ 0 }, err));
	return 0;
}

static int close_image(void **state)
{
	(void)state;
	image_finish(backend);
	image_done(&image);
	return 0;
}

static void reads_through_links(void **state)
{
	/* clang-format off */
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "/etc/passwd",                        "passwd\n" },
		{ "//etc/./passwd",                     "passwd\n" },
		{ "/etc/../etc/passwd",                 "passwd\n" },
		{ "/lib/f",                             "f\n" },
		{ "/abs/f",                             "f\n" },
		{ "/lib/link",                          "f\n" },
		{ "/lib/rel",                           "passwd\n" },
		{ "/abs/rel",                           "passwd\n" },
		{ "/usr/dots/f",                        "f\n" },
		{ "/c39/f",                             "f\n" },
		{ "/boot/overlays/x.dtbo",              "on the FAT\n" },
		{ "/boot/firmware/OVERLAYS/X.DTBO",     "on the FAT\n" },
		{ "/boot/overlays/../overlays/x.dtbo",  "on the FAT\n" },
		{ "/boot/firmware/../../etc/passwd",    "passwd\n" },
		{ "/boot/overlays/../../../lib/f",      "f\n" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBUF struct buf got = { 0 };

		assert_ok(backend->ops->read(backend, cases[i].path, &got, err));
		assert_text(cases[i].path, buf_text(&got), cases[i].want);
	}
}

static void refuses_bad_links(void **state)
{
	/* clang-format off */
	static const struct {
		const char *path;
		int code;
		const char *want;
	} cases[] = {
		{ "/up/etc/passwd",   -EXDEV,  "symbolic link '/up' -> '../../..' leads out of the image" },
		{ "/top/x",           -EXDEV,  "symbolic link '/top' -> '/..' leads out of the image" },
		{ "/usr/share/far/x", -EXDEV,  "symbolic link '/usr/share/far' -> '../../usr/share/../../../usr' leads out of the image" },
		{ "/../etc/passwd",   -EXDEV,  "path '/../etc/passwd' leads out of the image" },
		{ "/abs/../../../x",  -EXDEV,  "path '/abs/../../../x' leads out of the image" },
		{ "/evil/passwd",     -ENOENT, "'/evil' is a symbolic link to '/proc/self/root/etc', which is not in the image" },
		{ "/usr/chain",       -ENOENT, "'/evil' is a symbolic link to '/proc/self/root/etc', which is not in the image" },
		{ "/dangling",        -ENOENT, "'/dangling' is a symbolic link to 'nowhere', which is not in the image" },
		{ "/dangling/x",      -ENOENT, "'/dangling' is a symbolic link to 'nowhere', which is not in the image" },
		{ "/ctrl",            -ENOENT, "'/ctrl' is a symbolic link to 'bad?[1m?', which is not in the image" },
		{ "/loop1",           -ELOOP,  "too many symbolic links, the last is '/loop1' -> 'loop2'" },
		{ "/c40/f",           -ELOOP,  "too many symbolic links, the last is '/c0' -> 'usr/lib'" },
		{ "/notdir",          -ENOTDIR, "'/etc/passwd' is not a directory" },
		{ "/lib/none",        -ENOENT, "'/lib/none' is not in the image" },
		{ "/lib/none/x",      -ENOENT, "'/usr/lib/none' is not in the image" },
		{ "/boot/firmware/none/x", -ENOENT, "'/boot/firmware/none' is not in the image" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUF struct buf got = { 0 };

		int r = backend->ops->read(backend, cases[i].path, &got, &err);
		assert_text(cases[i].path, err.message, cases[i].want);
		assert_int_equal(r, cases[i].code);
	}
}

static void refuses_long_names(void **state)
{
	AUTOFREE char *name = xcalloc(1, 5001);
	AUTOERROR struct error err = ERROR_NONE;
	struct file_stat st;

	(void)state;
	memset(name, 'n', 257);
	name[0] = '/';
	assert_int_equal(backend->ops->stat(backend, name, &st, &err), -ENAMETOOLONG);
	error_clear(&err);

	memset(name, '/', 5000);
	assert_int_equal(backend->ops->stat(backend, name, &st, &err), -EINVAL);
}

/* The last component is not followed, but by read(). */
static void looks_at_links(void **state)
{
	static const struct {
		const char *path;
		bool found;
		enum file_type type;
	} cases[] = {
		{ "/lib", true, FILE_SYMLINK },
		{ "/lib/", true, FILE_SYMLINK },
		{ "/dangling", true, FILE_SYMLINK },
		{ "/up", true, FILE_SYMLINK },
		{ "/lib/f", true, FILE_REGULAR },
		{ "/", true, FILE_DIRECTORY },
		{ "/boot/firmware", true, FILE_DIRECTORY },
		{ "/boot/overlays/..", true, FILE_DIRECTORY },
		{ "/none", false, FILE_OTHER },
		{ "/dangling/none", false, FILE_OTHER },
	};

	(void)state;
	TEST_EACH (i, cases) {
		struct file_stat st = { .type = FILE_OTHER };
		bool found = !cases[i].found;

		assert_ok(backend_stat_optional(backend, cases[i].path, &st, &found, err));
		assert_case(cases[i].path, found == cases[i].found && st.type == cases[i].type);
	}
}

static void knows_the_mount(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "/", "/" },
		{ "/etc/passwd", "/" },
		{ "/etc/none/none", "/" },
		{ "/boot", "/" },
		{ "/boot/firmware", "/boot/firmware" },
		{ "/boot/firmware/none/none", "/boot/firmware" },
		{ "/boot/overlays/none", "/boot/firmware" },
		{ "/boot/firmware/..", "/" },
		{ "/up/x", "/" },
	};

	(void)state;
	TEST_EACH (i, cases)
		assert_text(cases[i].path, backend->ops->mount_of(backend, cases[i].path),
			    cases[i].want);
}

static void checks_mount_points(void **state)
{
	/* clang-format off */
	static const struct {
		const char *path;
		int code;
		const char *want;
	} cases[] = {
		{ "/boot/firmware", -EBUSY,   "something is mounted at '/boot/firmware' already" },
		{ "/",              -EBUSY,   "something is mounted at '/' already" },
		{ "/none",          -ENOENT,  "mount point '/none' is not a directory in the image" },
		{ "/etc/passwd",    -ENOTDIR, "mount point '/etc/passwd' is not a directory in the image" },
		{ "/up",            -EXDEV,   "mount at '/up': symbolic link '/up' -> '../../..' leads out of the image" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;

		int r = backend->ops->mount(backend, &image.layout.partitions[0], cases[i].path,
					    &err);
		assert_text(cases[i].path, err.message, cases[i].want);
		assert_int_equal(r, cases[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_through_links), cmocka_unit_test(refuses_bad_links),
		cmocka_unit_test(refuses_long_names),  cmocka_unit_test(looks_at_links),
		cmocka_unit_test(knows_the_mount),     cmocka_unit_test(checks_mount_points),
	};

	return cmocka_run_group_tests(tests, open_image, close_image);
}
