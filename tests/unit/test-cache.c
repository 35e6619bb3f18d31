/* SPDX-License-Identifier: Apache-2.0 */
#include "image/cache.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "tmpdir.h"

/* "nobody", who has no files anywhere. */
enum { OTHER = 65534 };

static int setup(void **state)
{
	int r = tmpdir_setup(state);

	(void)unsetenv("SUDO_UID");
	(void)unsetenv("SUDO_GID");
	(void)setenv("XDG_CACHE_HOME", *state, 1);
	return r;
}

static struct cache open_cache(void)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct cache cache = CACHE_NONE;

	if (cache_open(&cache, &err) < 0)
		fail_msg("%s", err.message);
	return cache;
}

/** Put a file into the cache, with what it says as its content. */
static int put(const struct cache *cache, const char *name, const char *content, struct error *err)
{
	AUTOENTRY struct cache_entry entry = CACHE_ENTRY_NONE;
	uint8_t digest[DIGEST_SIZE];

	int r = cache_begin(cache, name, false, &entry, err);
	if (r < 0)
		return r;

	digest_sha256(content, strlen(content), digest);
	assert_int_equal(file_write_fd(entry.fd, content, strlen(content)), 0);
	return cache_commit(&entry, CACHE_SHA256, digest, "a\nb", err);
}

/** Content of a file in the cache; NULL if it is not found; owned by the caller. */
static char *get(const struct cache *cache, const char *name)
{
	AUTOERROR struct error err = ERROR_NONE;
	enum cache_digest kind = CACHE_DATA;
	AUTOBUF struct buf content = { 0 };
	AUTOCLOSE int fd = -1;

	if (cache_find(cache, name, &fd, &kind, &err) < 0)
		fail_msg("%s", err.message);
	if (fd < 0)
		return NULL;

	assert_int_equal(file_read_fd(fd, 1 << 20, &content), 0);
	assert_int_equal(kind, CACHE_SHA256);
	return xstrdup(buf_text(&content));
}

static void assert_found(const char *name, const struct cache *cache, const char *file,
			 const char *want)
{
	AUTOFREE char *got = get(cache, file);

	if (want)
		assert_text(name, got, want);
	else
		assert_case(name, !got);
}

static void finds_what_was_committed(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOCACHE struct cache cache = open_cache();

	assert_found("none yet", &cache, "x", NULL);
	assert_int_equal(put(&cache, "x", "one", &err), 0);
	assert_found("put", &cache, "x", "one");
	assert_int_equal(put(&cache, "x", "two", &err), 0);
	assert_found("put again", &cache, "x", "two");

	assert_int_equal(tmpdir_shell(state, "cd \"$1/nib\"; test \"$(stat -c %a .)\" = 700;"
					     "test \"$(stat -c %a x x.record)\" = '600\n600';"
					     "test ! -e x.partial; grep -q 'origin a.b$' x.record"),
			 0);
}

static void forgets_what_was_damaged(void **state)
{
	static const struct {
		const char *command, *want;
	} cases[] = {
		{ "true", "content" },
		{ "touch x", "content" },
		{ "cp x y; mv y x", "content" },
		{ "sed -i 's/inode.*/inode 1/' x.record", "content" },
		{ "printf C | dd of=x conv=notrunc status=none", NULL },
		{ "touch -r x ../stamp; printf C | dd of=x conv=notrunc status=none;"
		  "touch -r ../stamp x",
		  NULL },
		{ "truncate -s 3 x", NULL },
		{ "truncate -s 0 x", NULL },
		{ "echo >>x", NULL },
		{ "rm x", NULL },
		{ "rm x.record", NULL },
		{ ": >x.record", NULL },
		{ "head -c 100000 /dev/urandom >x.record", NULL },
		{ "sed -i 's/nib cache 1/nib cache 2/' x.record", NULL },
		{ "sed -i 's/^size.*/size -1/' x.record", NULL },
		{ "sed -i 's/^sha256.*/sha256 0/; s/^inode.*/inode 1/' x.record", NULL },
		{ "sed -i '/^origin/d' x.record", NULL },
		{ "rm x.record; mkdir x.record", NULL },
		{ "mv x.record ../r; ln -s ../r x.record", NULL },
		{ "rm x.record; mkfifo x.record", NULL },
		{ "mv x ../y; ln -s ../y x", NULL },
		{ "rm x; ln -s nowhere x", NULL },
		{ "rm x; mkfifo x", NULL },
		{ "rm x; mkdir x", NULL },
	};

	TEST_EACH (i, cases) {
		AUTOFREE char *command = xasprintf("cd \"$1/nib\"; %s", cases[i].command);
		AUTOERROR struct error err = ERROR_NONE;
		AUTOCACHE struct cache cache = open_cache();

		assert_int_equal(put(&cache, "x", "content", &err), 0);
		assert_int_equal(tmpdir_shell(state, command), 0);
		assert_found(cases[i].command, &cache, "x", cases[i].want);
		assert_found(cases[i].command, &cache, "x", cases[i].want);
		assert_int_equal(tmpdir_shell(state, "rm -rf \"$1/nib\""), 0);
	}
}

/* A directory is nothing that nib would remove; it says so. */
static void tells_what_is_in_the_way(void **state)
{
	static const char *const cases[] = {
		"mkdir x",        "mkdir x.partial",        "ln -s y x.partial",
		"mkdir x.record", "mkdir x.record.partial",
	};

	TEST_EACH (i, cases) {
		AUTOFREE char *command = xasprintf("cd \"$1/nib\"; %s", cases[i]);
		AUTOERROR struct error err = ERROR_NONE;
		AUTOCACHE struct cache cache = open_cache();

		assert_int_equal(tmpdir_shell(state, command), 0);
		assert_case(cases[i], put(&cache, "x", "content", &err) == -EIO);
		assert_case(cases[i], strstr(err.message, cache.path));
		assert_found(cases[i], &cache, "x", NULL);
		assert_int_equal(tmpdir_shell(state, "test ! -e \"$1/nib/y\"; rm -rf \"$1/nib\""),
				 0);
	}
}

static void keeps_what_is_to_be_resumed(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOCACHE struct cache cache = open_cache();
	struct cache_entry entry = CACHE_ENTRY_NONE;
	AUTOBUF struct buf content = { 0 };

	assert_int_equal(cache_begin(&cache, "x", true, &entry, &err), 0);
	assert_int_equal(file_write_fd(entry.fd, "half", 4), 0);
	cache_entry_keep(&entry);
	cache_entry_close(&entry);
	assert_found("half", &cache, "x", NULL);

	assert_int_equal(cache_begin(&cache, "x", true, &entry, &err), 0);
	assert_int_equal(file_read_fd(entry.fd, 100, &content), 0);
	assert_text("resumed", buf_text(&content), "half");
	cache_entry_close(&entry);
	assert_int_equal(tmpdir_shell(state, "test -z \"$(ls \"$1/nib\")\""), 0);
}

static void locks_between_processes(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOCACHE struct cache cache = open_cache();
	int ready[2];
	char byte = 0;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	AUTOCLOSE int lock = cache_lock(&cache, "x", &err);
	assert_true(lock >= 0);
	AUTOCLOSE int other = cache_lock(&cache, "y", &err);
	assert_true(other >= 0);

	pid_t child = fork();
	if (child == 0) {
		int got;

		/* Its copy of the descriptor would hold the lock. */
		(void)close(lock);
		got = cache_lock(&cache, "x", &err);
		_exit(got >= 0 && write(ready[1], "x", 1) == 1 ? 0 : 1);
	}

	struct timespec pause = { .tv_nsec = 200000000 };
	(void)nanosleep(&pause, NULL);
	assert_int_equal(fcntl(ready[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(ready[0], &byte, 1), -1);
	(void)close(lock);
	lock = -1;
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static int remove_all(void *arg, const struct cache_item *item)
{
	struct buf *seen = arg;

	buf_addf(seen, "%s%s %zu, ", item->name, item->locked ? " locked" : "", (size_t)item->size);
	return !item->locked;
}

static void visits_in_order(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOCACHE struct cache cache = open_cache();
	AUTOBUF struct buf seen = { 0 };

	assert_int_equal(put(&cache, "b", "two", &err), 0);
	assert_int_equal(put(&cache, "a", "one", &err), 0);
	assert_int_equal(put(&cache, "c", "three", &err), 0);
	assert_int_equal(tmpdir_shell(state, "cd \"$1/nib\"; : >d.partial; : >e.partial; mkdir f; "
					     "ln -s a g; touch .hidden"),
			 0);
	AUTOCLOSE int b = cache_lock(&cache, "b", &err);
	AUTOCLOSE int d = cache_lock(&cache, "d", &err);

	assert_true(b >= 0 && d >= 0);
	assert_int_equal(cache_visit(&cache, remove_all, &seen, &err), 0);
	assert_text("visit", buf_text(&seen),
		    "a 3, b locked 3, c 5, d.partial locked 0, e.partial 0, ");
	assert_found("removed", &cache, "a", NULL);
	assert_found("locked", &cache, "b", "two");
	assert_int_equal(tmpdir_shell(state,
				      "cd \"$1/nib\"; test -e d.partial; test ! -e e.partial;"
				      "test ! -e a.record; test -e .hidden; test -d f"),
			 0);
}

static void refuses_what_it_cannot_write(void **state)
{
	static const char *const cases[] = { "chmod 755 \"$1\"; rmdir \"$1/nib\"",
					     "mkdir \"$1/nib\"; chmod 755 \"$1/nib\"" };

	if (geteuid() != 0)
		skip();
	assert_int_equal(tmpdir_shell(state, "mkdir \"$1/nib\""), 0);

	TEST_EACH (i, cases) {
		assert_int_equal(tmpdir_shell(state, cases[i]), 0);
		pid_t child = fork();
		if (child == 0) {
			AUTOERROR struct error err = ERROR_NONE;
			AUTOCACHE struct cache cache = CACHE_NONE;
			int r = setresuid(OTHER, OTHER, OTHER);

			if (r == 0)
				r = cache_open(&cache, &err);
			if (r == 0)
				r = put(&cache, "x", "y", &err);
			_exit(r == -EIO && strstr(err.message, *state) &&
					      strstr(err.message, "XDG_CACHE_HOME")
				      ? 0
				      : 1);
		}
		int status;

		assert_int_equal(waitpid(child, &status, 0), child);
		assert_case(cases[i], status == 0);
	}
}

/* A directory of somebody who called sudo. */
static void give_away(void **state)
{
	assert_int_equal(tmpdir_shell(state, "chown 65534:65534 \"$1\"; echo root >\"$1.root\"; "
					     "chmod 600 \"$1.root\"; mkdir \"$1.dir\""),
			 0);
	(void)setenv("SUDO_UID", "65534", 1);
	(void)setenv("SUDO_GID", "65534", 1);
}

static void leaves_nothing_of_roots(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;

	if (geteuid() != 0)
		skip();
	give_away(state);
	AUTOCACHE struct cache cache = open_cache();
	AUTOBUF struct buf seen = { 0 };

	assert_int_equal(put(&cache, "x", "one", &err), 0);
	assert_int_equal(put(&cache, "y", "two", &err), 0);
	AUTOCLOSE int lock = cache_lock(&cache, "z", &err);
	assert_true(lock >= 0);
	assert_int_equal(tmpdir_shell(state, "touch \"$1/nib/x\""), 0);
	assert_found("stamped anew", &cache, "x", "one");
	assert_int_equal(cache_visit(&cache, remove_all, &seen, &err), 0);
	assert_int_equal(geteuid(), 0);
	assert_int_equal(tmpdir_shell(state,
				      "rm -r \"$1.root\" \"$1.dir\";"
				      "test -z \"$(find \"$1\" ! -user 65534 -o ! -group 65534)\""),
			 0);
}

static void root_follows_no_link(void **state)
{
	static const char *const cases[] = {
		"ln -s \"$1.root\" x.partial",
		"ln -s \"$1.root\" x.record.partial",
		"ln -s \"$1.dir/new\" x.partial",
		"ln -s \"$1.dir/new\" x.record.partial",
		"ln -s \"$1.root\" x.lock",
		"ln -s \"$1.dir/new\" x.lock",
		"cd ..; rmdir nib; ln -s \"$1.dir\" nib",
	};

	if (geteuid() != 0)
		skip();
	give_away(state);
	TEST_EACH (i, cases) {
		AUTOFREE char *command = xasprintf(
			"mkdir \"$1/nib\"; chown 65534:65534 \"$1/nib\"; cd \"$1/nib\"; %s",
			cases[i]);
		AUTOERROR struct error err = ERROR_NONE;

		assert_int_equal(tmpdir_shell(state, command), 0);
		AUTOCACHE struct cache cache = open_cache();
		AUTOCLOSE int lock = cache_lock(&cache, "x", &err);
		assert_case(cases[i], lock < 0 || put(&cache, "x", "one", &err) < 0);
		assert_int_equal(tmpdir_shell(state,
					      "test \"$(cat \"$1.root\")\" = root; "
					      "test -z \"$(ls \"$1.dir\")\"; rm -rf \"$1/nib\""),
				 0);
	}
	assert_int_equal(tmpdir_shell(state, "rm -r \"$1.root\" \"$1.dir\""), 0);
}

static void finds_its_place(void **state)
{
	AUTOFREE char *home = tmpdir_path(state, "home");
	AUTOFREE char *want = tmpdir_path(state, "home/.cache/nib");

	(void)setenv("HOME", home, 1);
	(void)setenv("XDG_CACHE_HOME", "relative", 1);
	AUTOCACHE struct cache cache = open_cache();
	assert_text("relative", cache.path, want);
	assert_int_equal(tmpdir_shell(state, "test -d \"$1/home/.cache/nib\"; test ! -e relative"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CACHE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, tmpdir_teardown)
		CACHE_TEST(finds_what_was_committed),     CACHE_TEST(forgets_what_was_damaged),
		CACHE_TEST(tells_what_is_in_the_way),     CACHE_TEST(keeps_what_is_to_be_resumed),
		CACHE_TEST(locks_between_processes),      CACHE_TEST(visits_in_order),
		CACHE_TEST(refuses_what_it_cannot_write), CACHE_TEST(leaves_nothing_of_roots),
		CACHE_TEST(root_follows_no_link),         CACHE_TEST(finds_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
