/* SPDX-License-Identifier: Apache-2.0 */
#include "util/jobs.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/cancel.h"
#include "util/text.h"

enum { MAX = 64 };

/** What was heard of each job. */
struct heard {
	struct buf text[MAX];
	size_t running, most, begun, ended;
};

static void hear(void *arg, const struct job_event *event)
{
	static const char *const names[] = { "step", "progress", "note", "done", "failed" };
	struct heard *heard = arg;
	struct buf *text = &heard->text[event->job];

	buf_addf(text, "%s%s", text->len ? "; " : "", names[event->news]);
	if (event->news == JOB_PROGRESS)
		buf_addf(text, " %d/%d", (int)event->done, (int)event->total);
	else
		buf_addf(text, " %s", event->text);
	if (event->news == JOB_DONE || event->news == JOB_FAILED)
		heard->running--;
}

static int begin(void *arg, size_t number, struct error *err)
{
	struct heard *heard = arg;

	heard->begun++;
	if (number == 5)
		return error_set(err, -EINVAL, "cannot begin");
	if (++heard->running > heard->most)
		heard->most = heard->running;
	return 0;
}

static void end(void *arg, size_t number)
{
	(void)number;
	((struct heard *)arg)->ended++;
}

static void forget(struct heard *heard)
{
	for (size_t i = 0; i < MAX; i++)
		buf_free(&heard->text[i]);
}
#define AUTOHEARD CLEANUP(forget)

static int some_fail(void *arg, const struct job *job, struct error *err)
{
	(void)arg;
	job_tell(job, JOB_STEP, "copy", 0, 0);
	job_tell(job, JOB_PROGRESS, "", 3, 7);
	if (job->number == 2)
		return error_set(err, -EIO, "no luck");
	if (job->number == 3)
		(void)kill(getpid(), SIGKILL);
	if (job->number == 4)
		_exit(9);
	job_tell(job, JOB_DONE, "fine", 0, 0);
	return 0;
}

static void each_for_itself(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOHEARD struct heard heard = { 0 };
	const struct jobs jobs = {
		.count = 8,
		.parallel = 3,
		.begin = begin,
		.run = some_fail,
		.end = end,
		.event = hear,
		.arg = &heard,
	};
	static const char *const want[] = {
		[0] = "step copy; progress 3/7; done fine",
		[1] = "step copy; progress 3/7; done fine",
		[2] = "step copy; progress 3/7; failed no luck",
		[3] = "step copy; progress 3/7; failed its process was ended by signal 9 (Killed)",
		[4] = "step copy; progress 3/7; failed its process ended with status 9",
		[5] = "failed cannot begin",
		[6] = "step copy; progress 3/7; done fine",
		[7] = "step copy; progress 3/7; done fine",
	};
	size_t failed = 0;

	(void)state;
	assert_int_equal(jobs_run(&jobs, &failed, &err), 0);
	assert_int_equal(failed, 4);
	TEST_EACH (i, want)
		assert_text(want[i], buf_text(&heard.text[i]), want[i]);
	assert_int_equal(heard.begun, 8);
	assert_int_equal(heard.ended, 8);
	assert_true(heard.most <= 3);
}

static int long_text(void *arg, const struct job *job, struct error *err)
{
	AUTOFREE char *text = xcalloc(1, 10001);

	(void)arg;
	(void)err;
	memset(text, 'x', 10000);
	for (int i = 0; i < 200; i++)
		job_tell(job, JOB_NOTE, text, 0, 0);
	job_tell(job, JOB_DONE, "", 0, 0);
	return 0;
}

static void count(void *arg, const struct job_event *event)
{
	size_t len = strlen(event->text);

	if (event->news == JOB_NOTE && len > 3000 && strspn(event->text, "x") == len)
		++*(size_t *)arg;
}

static void keeps_messages_apart(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	size_t failed = 0, notes = 0;
	const struct jobs jobs = {
		.count = 20,
		.parallel = 8,
		.run = long_text,
		.event = count,
		.arg = &notes,
	};

	(void)state;
	assert_int_equal(jobs_run(&jobs, &failed, &err), 0);
	assert_int_equal(failed, 0);
	assert_int_equal(notes, 20 * 200);
}

static int wait_for_signal(void *arg, const struct job *job, struct error *err)
{
	static const struct timespec pause = { .tv_nsec = 5000000 };

	(void)arg;
	if (job->number == 1)
		(void)kill(getppid(), SIGTERM);
	while (!cancel_requested())
		(void)nanosleep(&pause, NULL);
	return cancel_check(err);
}

/* In a process of its own, for the signal ends it. */
static void is_stopped(void)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOHEARD struct heard heard = { 0 };
	size_t failed = 0;
	AUTOCANCEL struct cancel cancel;
	const struct jobs jobs = {
		.count = 10,
		.parallel = 2,
		.run = wait_for_signal,
		.event = hear,
		.arg = &heard,
	};

	cancel_begin(&cancel);
	if (jobs_run(&jobs, &failed, &err) != -EINTR || failed != 2 || heard.text[2].len)
		_exit(1);
	_exit(0);
}

static void stops_all(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		is_stopped();
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_for_itself),
		cmocka_unit_test(keeps_messages_apart),
		cmocka_unit_test(stops_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
