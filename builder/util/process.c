/* SPDX-License-Identifier: Apache-2.0 */
#include "util/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum { MAX_OUTPUT = 64 << 20, MAX_STDERR = 64 << 10 };

/** A running child and our ends of its pipes; -1 once closed. */
struct child {
	pid_t pid;
	int out, err;
	struct buf output, message;
};

static const char *search_path(void)
{
	const char *path = getenv("PATH");

	return path ? path : "/usr/sbin:/usr/bin:/sbin:/bin";
}

static void environment(const struct process *process, char *ret[static 32], char **path)
{
	size_t n = 0;

	*path = xasprintf("PATH=%s", search_path());
	ret[n++] = *path;
	for (size_t i = 0; process->env && process->env[i] && n < 31; i++)
		ret[n++] = (char *)(uintptr_t)process->env[i];
	ret[n] = NULL;
}

/* Descriptors are close-on-exec everywhere; dup2() on themselves keeps the chosen ones. */
static void keep_descriptors(posix_spawn_file_actions_t *actions, const int *fds)
{
	for (size_t i = 0; fds && fds[i] >= 0; i++)
		posix_spawn_file_actions_adddup2(actions, fds[i], fds[i]);
}

/* The caller may have blocked signals; the child must be able to end on ^C. */
static void set_signals(posix_spawnattr_t *attr)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &defaults);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

char *process_find(const char *name)
{
	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? xstrdup(name) : NULL;

	for (const char *dir = search_path(); *dir;) {
		size_t len = strcspn(dir, ":");
		AUTOFREE char *file = xasprintf("%.*s/%s", (int)len, dir, name);

		/* An empty entry would mean the current directory: nothing is run from there. */
		if (len && access(file, X_OK) == 0)
			return TAKE(file);
		dir += len + (dir[len] == ':');
	}

	return NULL;
}

static int spawn(const struct process *process, int in, int out, int err, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *env[32];
	char *path;

	/* posix_spawnp() would do, but under some tracers it does not tell what is missing. */
	AUTOFREE char *program = process_find(process->argv[0]);
	if (!program)
		return -ENOENT;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
	keep_descriptors(&actions, process->fds);
	set_signals(&attr);
	environment(process, env, &path);

	int r = posix_spawn(ret, program, &actions, &attr, (char *const *)(uintptr_t)process->argv,
			    env);

	free(path);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static void read_some(int *fd, size_t max, struct buf *ret, bool *too_much)
{
	static const size_t chunk = 1 << 16;
	ssize_t n = read(*fd, buf_reserve(ret, chunk), chunk);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		closep(fd);
		*fd = -1;
		return;
	}
	if (ret->len + (size_t)n > max) {
		*too_much = true;
		return;
	}
	ret->len += (size_t)n;
	ret->data[ret->len] = '\0';
}

/* Both pipes are drained at once, so that the child never blocks on the one we do not read. */
static bool collect(struct child *child, size_t max)
{
	bool too_much = false, ignored = false;

	while (child->out >= 0 || child->err >= 0) {
		struct pollfd fds[] = {
			{ .fd = child->out, .events = POLLIN },
			{ .fd = child->err, .events = POLLIN },
		};

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents)
			read_some(&child->out, max, &child->output, &too_much);
		if (fds[1].revents)
			read_some(&child->err, MAX_STDERR, &child->message, &ignored);
	}

	return !too_much;
}

/*
 * The line that says what failed: age and sops say so first, and end with where to report it
 * or what to do.  Other programs say it last.
 */
static char *cause(const struct buf *text)
{
	struct line line, last = { .start = "" };

	for (const char *pos = buf_text(text); text_next_line(&pos, &line);) {
		AUTOFREE char *copy = xstrndup(line.start, line.len);

		if (strcasestr(copy, "error:") || strcasestr(copy, "failed"))
			return TAKE(copy);
		if (copy[strspn(copy, " ")])
			last = line;
	}

	return xstrndup(last.start, last.len);
}

static int judge(const char *program, int wait_status, const struct buf *message, int *status,
		 struct error *err)
{
	AUTOFREE char *why = cause(message);

	if (WIFSIGNALED(wait_status))
		return error_set(err, -EINTR, "%s was ended by signal %d (%s)", program,
				 WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));

	if (status) {
		*status = WEXITSTATUS(wait_status);
		return 0;
	}

	if (WEXITSTATUS(wait_status) != 0)
		return error_set(err, -EIO, "%s failed with status %d: %s", program,
				 WEXITSTATUS(wait_status), why);
	return 0;
}

static int start(const struct process *process, struct child *child, struct error *err)
{
	static const struct buf empty = { 0 };
	int out[2], errs[2];

	AUTOCLOSE int in = file_memfd("stdin", process->input ? process->input : &empty, err);
	if (in < 0)
		return err->code;
	if (pipe2(out, O_CLOEXEC) < 0)
		return error_set_errno(err, -errno, "create a pipe");

	AUTOCLOSE int out_child = out[1];
	child->out = out[0];
	if (pipe2(errs, O_CLOEXEC) < 0)
		return error_set_errno(err, -errno, "create a pipe");

	AUTOCLOSE int err_child = errs[1];
	child->err = errs[0];

	int r = spawn(process, in, out_child, err_child, &child->pid);
	if (r == -ENOENT)
		return error_set(err, r, "program '%s' is not installed", process->argv[0]);
	if (r < 0)
		return error_set_errno(err, r, "run '%s'", process->argv[0]);
	return 0;
}

static void child_done(struct child *child)
{
	closep(&child->out);
	closep(&child->err);
	buf_free(&child->output);
	buf_free(&child->message);
}

int process_run(const struct process *process, int *status, struct error *err)
{
	CLEANUP(child_done) struct child child = { .out = -1, .err = -1 };
	size_t max = process->max_output ? process->max_output : MAX_OUTPUT;
	int wait_status;

	int r = start(process, &child, err);
	if (r < 0)
		return r;

	bool fits = collect(&child, max);

	while (waitpid(child.pid, &wait_status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(err, -errno, "wait for '%s'", process->argv[0]);

	if (!fits)
		return error_set(err, -EFBIG, "%s printed more than %zu bytes", process->argv[0],
				 max);

	r = judge(process->argv[0], wait_status, &child.message, status, err);
	if (r < 0)
		return r;

	if (process->output)
		*process->output = TAKE_BUF(child.output);
	return 0;
}
