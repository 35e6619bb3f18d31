/* SPDX-License-Identifier: Apache-2.0 */
#include "util/jobs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/cancel.h"
#include "util/cleanup.h"
#include "util/file.h"

/* How often to look for a signal, in milliseconds. */
enum { LOOK = 100 };

/** A message in the pipe; a write of at most PIPE_BUF bytes is never torn. */
struct message {
	struct {
		size_t job, len;
		enum job_news news;
		uint64_t done, total;
	} head;
	char text[PIPE_BUF - 64];
};

/** A process. */
struct worker {
	/** 0 if there is none. */
	pid_t pid;
	size_t job;
	/** It has told how it ended. */
	bool told;
};

/** The jobs on their way. */
struct crew {
	const struct jobs *jobs;
	struct worker *workers;
	size_t running, next, failed;
	int read, write;
	/** The processes were told to stop. */
	bool stopped;
};

unsigned jobs_processors(void)
{
	cpu_set_t set;

	/* Those of the machine are more than a container or taskset(1) may leave. */
	if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) < 1)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

void job_tell(const struct job *job, enum job_news news, const char *text, uint64_t done,
	      uint64_t total)
{
	struct message message = { .head = { job->number, strlen(text), news, done, total } };

	static_assert(sizeof(message) <= PIPE_BUF, "a message must fit into one write");
	if (message.head.len >= sizeof(message.text))
		message.head.len = sizeof(message.text) - 1;
	memcpy(message.text, text, message.head.len);
	/* Whoever would read it may be gone; the job's own end then comes soon. */
	(void)file_write_fd(job->pipe, &message, offsetof(struct message, text) + message.head.len);
}

static void tell_event(const struct crew *crew, size_t job, enum job_news news, const char *text)
{
	const struct job_event event = { .job = job, .news = news, .text = text };

	crew->jobs->event(crew->jobs->arg, &event);
}

static void __attribute__((noreturn)) work(const struct crew *crew, size_t number, pid_t parent)
{
	const struct job job = { .number = number, .pipe = crew->write };
	AUTOERROR struct error err = ERROR_NONE;

	(void)close(crew->read);
	/* It may have ended before this was asked for. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);

	int r = crew->jobs->run(crew->jobs->arg, &job, &err);
	if (r < 0)
		job_tell(&job, JOB_FAILED, err.message ? err.message : "failed", 0, 0);
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static struct worker *idle_worker(const struct crew *crew)
{
	for (size_t i = 0; i < crew->jobs->parallel; i++)
		if (crew->workers[i].pid == 0)
			return &crew->workers[i];

	return NULL;
}

static int start(struct crew *crew, size_t number, struct error *err)
{
	struct worker *worker = idle_worker(crew);
	const struct jobs *jobs = crew->jobs;
	pid_t parent = getpid();

	int r = jobs->begin ? jobs->begin(jobs->arg, number, err) : 0;
	if (r < 0)
		return r;

	/* What is buffered would be written twice. */
	(void)fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		work(crew, number, parent);
	if (pid < 0)
		return error_set_errno(err, -errno, "start a process");

	*worker = (struct worker){ .pid = pid, .job = number };
	crew->running++;
	return 0;
}

static void start_next(struct crew *crew)
{
	AUTOERROR struct error err = ERROR_NONE;
	size_t number = crew->next++;

	if (start(crew, number, &err) < 0) {
		crew->failed++;
		tell_event(crew, number, JOB_FAILED, err.message ? err.message : "failed");
	}
	if (crew->jobs->end)
		crew->jobs->end(crew->jobs->arg, number);
}

static void note_end(struct crew *crew, const struct message *message)
{
	for (size_t i = 0; i < crew->jobs->parallel; i++)
		if (crew->workers[i].pid && crew->workers[i].job == message->head.job)
			crew->workers[i].told = true;
	crew->failed += message->head.news == JOB_FAILED;
}

/* Read what has come; nothing is left in the pipe when a process that wrote it has ended. */
static void read_news(struct crew *crew)
{
	struct message message;

	while (read(crew->read, &message.head, sizeof(message.head)) == sizeof(message.head)) {
		if (message.head.len &&
		    read(crew->read, message.text, message.head.len) != (ssize_t)message.head.len)
			return;
		message.text[message.head.len] = '\0';
		if (message.head.news == JOB_DONE || message.head.news == JOB_FAILED)
			note_end(crew, &message);

		const struct job_event event = {
			.job = message.head.job,
			.news = message.head.news,
			.done = message.head.done,
			.total = message.head.total,
			.text = message.text,
		};
		crew->jobs->event(crew->jobs->arg, &event);
	}
}

static void explain_end(struct crew *crew, const struct worker *worker, int status)
{
	AUTOFREE char *text =
		WIFSIGNALED(status)
			? xasprintf("its process was ended by signal %d (%s)", WTERMSIG(status),
				    strsignal(WTERMSIG(status)))
			: xasprintf("its process ended with status %d", WEXITSTATUS(status));

	crew->failed++;
	tell_event(crew, worker->job, JOB_FAILED, text);
}

static void reap(struct crew *crew)
{
	for (size_t i = 0; i < crew->jobs->parallel; i++) {
		struct worker *worker = &crew->workers[i];
		int status;

		/* One that has told is about to end: waiting for it takes no time. */
		if (worker->pid == 0 ||
		    waitpid(worker->pid, &status, worker->told ? 0 : WNOHANG) != worker->pid)
			continue;
		read_news(crew);
		if (!worker->told)
			explain_end(crew, worker, status);
		worker->pid = 0;
		crew->running--;
	}
}

static void stop(struct crew *crew)
{
	crew->stopped = true;
	for (size_t i = 0; i < crew->jobs->parallel; i++)
		if (crew->workers[i].pid)
			(void)kill(crew->workers[i].pid, SIGTERM);
}

static void run(struct crew *crew)
{
	struct pollfd poll_read = { .fd = crew->read, .events = POLLIN };

	while (crew->running || (!crew->stopped && crew->next < crew->jobs->count)) {
		if (!crew->stopped && cancel_requested())
			stop(crew);
		while (!crew->stopped && crew->next < crew->jobs->count &&
		       crew->running < crew->jobs->parallel)
			start_next(crew);

		if (crew->running)
			(void)poll(&poll_read, 1, LOOK);
		read_news(crew);
		reap(crew);
	}
}

int jobs_run(const struct jobs *jobs, size_t *failed, struct error *err)
{
	AUTOFREE struct worker *workers = xcalloc(jobs->parallel, sizeof(*workers));
	AUTOCANCEL struct cancel cancel;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, -errno, "make a pipe");

	AUTOCLOSE int read_end = ends[0];
	AUTOCLOSE int write_end = ends[1];
	if (fcntl(read_end, F_SETFL, O_NONBLOCK) < 0)
		return error_set_errno(err, -errno, "make a pipe");

	struct crew crew = {
		.jobs = jobs,
		.workers = workers,
		.read = read_end,
		.write = write_end,
	};

	cancel_begin(&cancel);
	run(&crew);
	*failed = crew.failed;
	return crew.stopped ? cancel_check(err) : 0;
}
