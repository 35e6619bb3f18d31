/* SPDX-License-Identifier: Apache-2.0 */
#include "image/map.h"

#include <sys/stat.h>

#include "image.h"

enum { MIB = 1 << 20, SIZE = 20 * MIB + 5000 };

static void put_at(int fd, uint64_t at, const char *text)
{
	assert_int_equal(file_write_at(fd, text, strlen(text), at), 0);
}

static char *describe(const struct map *map)
{
	AUTOBUF struct buf text = { 0 };

	for (size_t i = 0; i < map->count; i++)
		buf_addf(&text, "%s%" PRIu64 "-%" PRIu64, i ? " " : "", map->pieces[i].range.start,
			 map->pieces[i].range.end);
	return xstrdup(buf_text(&text));
}

static void make_image(struct image *image)
{
	image_init(image);
	image->fd = open(image->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(image->fd >= 0);
	assert_int_equal(ftruncate(image->fd, SIZE), 0);
	put_at(image->fd, 100, "start");
	put_at(image->fd, 4 * MIB - 2, "over the border");
	put_at(image->fd, 8 * MIB, "one");
	put_at(image->fd, 8 * MIB + 40000, "near");
	put_at(image->fd, 8 * MIB + 200000, "far");
	put_at(image->fd, SIZE - 1, "x");
}

#define WANT \
	"0-4096 4190208-4194304 4194304-4198400 8388608-8429568 8585216-8589312 20975616-20976520"

static void finds_data(void **state)
{
	AUTOIMAGE struct image image;
	AUTOMAP struct map map = { 0 };

	(void)state;
	make_image(&image);
	assert_ok(map_make(image.fd, NULL, NULL, &map, NULL, NULL, err));
	AUTOFREE char *text = describe(&map);
	assert_text("pieces", text, WANT);
	assert_int_equal(map.size, SIZE);
}

/* The same content without a single hole. */
static void does_not_see_holes(void **state)
{
	AUTOMAP struct map sparse = { 0 }, dense = { 0 };
	AUTOBUF struct buf a = { 0 }, b = { 0 };
	AUTOIMAGE struct image image;

	(void)state;
	make_image(&image);
	assert_ok(map_make(image.fd, NULL, NULL, &sparse, NULL, NULL, err));
	RUN(&image, "cat $img >dense; mv dense $img");
	closep(&image.fd);
	image.fd = open(image.path, O_RDONLY | O_CLOEXEC);
	assert_ok(map_make(image.fd, NULL, NULL, &dense, NULL, NULL, err));
	map_print(&sparse, &a);
	map_print(&dense, &b);
	assert_text("maps", buf_text(&b), buf_text(&a));
}

static void looks_only_at_changes(void **state)
{
	AUTOMAP struct map base = { 0 }, new = { 0 }, want = { 0 };
	AUTOBUF struct buf a = { 0 }, b = { 0 };
	AUTORANGES struct ranges changed = { 0 };
	AUTOIMAGE struct image image;

	(void)state;
	make_image(&image);
	assert_ok(map_make(image.fd, NULL, NULL, &base, NULL, NULL, err));
	put_at(image.fd, 9 * MIB, "new");
	put_at(image.fd, 17 * MIB, "new");
	ranges_add(&changed, 9 * MIB, 9 * MIB + 3);
	ranges_add(&changed, 17 * MIB, 17 * MIB + 3);
	assert_ok(map_make(image.fd, &base, &changed, &new, NULL, NULL, err));
	assert_ok(map_make(image.fd, NULL, NULL, &want, NULL, NULL, err));
	map_print(&new, &a);
	map_print(&want, &b);
	assert_text("maps", buf_text(&a), buf_text(&b));
	assert_int_equal(new.count, base.count + 2);

	/* The rest was not read: nothing says that it changed. */
	put_at(image.fd, 13 * MIB, "unseen");
	map_free(&new);
	assert_ok(map_make(image.fd, &base, &changed, &new, NULL, NULL, err));
	assert_int_equal(new.count, base.count + 2);
}

static void reads_what_it_wrote(void **state)
{
	static const char *const damaged[] = {
		"",
		"nib map 1\n",
		"nib map 2\n5\nend\n",
		"nib map 1\n5\n",
		"nib map 1\n5\nend",
		"nib map 1\n5\n0 4096 00\nend\n",
	};
	AUTOMAP struct map map = { 0 }, again = { 0 };
	AUTOBUF struct buf a = { 0 }, b = { 0 };
	AUTOIMAGE struct image image;

	(void)state;
	make_image(&image);
	assert_ok(map_make(image.fd, NULL, NULL, &map, NULL, NULL, err));
	map_print(&map, &a);
	assert_true(map_parse(buf_text(&a), &again));
	map_print(&again, &b);
	assert_text("text", buf_text(&b), buf_text(&a));

	TEST_EACH (i, damaged)
		assert_false(map_parse(damaged[i], &again));
	a.data[a.len / 2] = '!';
	assert_false(map_parse(buf_text(&a), &again));
}

/* bmaptool checks every digest, that of the file too. */
static void bmaptool_takes_it(void **state)
{
	AUTOMAP struct map map = { 0 };
	AUTOBUF struct buf text = { 0 };
	AUTOIMAGE struct image image;

	(void)state;
	make_image(&image);
	AUTOFREE char *tool = process_find("bmaptool");
	if (!tool)
		skip(); /* bmaptool is not installed */

	assert_ok(map_make(image.fd, NULL, NULL, &map, NULL, NULL, err));
	map_print_bmap(&map, &text);
	AUTOFREE char *path = xasprintf("%s.bmap", image.path);
	AUTOCLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(file_write_fd(fd, text.data, text.len), 0);
	RUN(&image, "bmaptool copy $img out; cmp $img out");
	put_at(image.fd, 8 * MIB, "bad");
	RUN(&image, "if bmaptool copy $img out2; then exit 1; fi");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_data),
		cmocka_unit_test(does_not_see_holes),
		cmocka_unit_test(looks_only_at_changes),
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(bmaptool_takes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
