/* SPDX-License-Identifier: Apache-2.0 */
#include "util/progress.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/buf.h"
#include "util/text.h"

enum { BAR_WIDTH = 30 };

/* Bars are drawn so often at most, in seconds. */
#define DRAW_PAUSE 0.1

/* A rate, and with it the time left, is worth telling after so many seconds. */
#define RATE_AFTER 1.0

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static struct progress_row *find(const struct progress *progress, const char *subject)
{
	for (size_t i = 0; i < progress->count; i++)
		if (strcmp(progress->rows[i].subject, subject) == 0)
			return &progress->rows[i];

	return NULL;
}

static void draw_rate(FILE *to, const struct progress_row *row)
{
	double seconds = seconds_since(&row->start);
	AUTOBUF struct buf rate = { 0 };

	if (seconds < RATE_AFTER || row->done == 0)
		return;

	text_add_size(&rate, (uint64_t)((double)row->done / seconds));
	fprintf(to, "  %s/s, %.0f s left", buf_text(&rate),
		seconds * (double)(row->total - row->done) / (double)row->done);
}

static void draw_row(FILE *to, const struct progress_row *row)
{
	int percent = row->total ? (int)((double)row->done * 100 / (double)row->total) : 0;
	int filled = percent * BAR_WIDTH / 100;

	fprintf(to, "\033[K%s: %s", row->subject, row->step);
	if (row->total) {
		fputs(" [", to);
		for (int i = 0; i < BAR_WIDTH; i++)
			fputc(i < filled ? '#' : ' ', to);
		fprintf(to, "] %3d%%", percent);
		draw_rate(to, row);
	}
	fputc('\n', to);
}

static void draw_sum(const struct progress *progress)
{
	double seconds = seconds_since(&progress->start);

	fprintf(progress->to, "\033[K%zu of %zu done", progress->finished, progress->subjects);
	if (progress->finished && seconds >= RATE_AFTER)
		fprintf(progress->to, ", %.0f s left",
			seconds * (double)(progress->subjects - progress->finished) /
				(double)progress->finished);
	fputc('\n', progress->to);
}

/* Long lines are cut, not wrapped, or going up would end in the wrong line. */
static void draw(struct progress *progress)
{
	if (progress->mode != PROGRESS_BARS)
		return;

	progress_clear(progress);
	fputs("\033[?7l", progress->to);
	for (size_t i = 0; i < progress->count; i++)
		draw_row(progress->to, &progress->rows[i]);
	if (progress->subjects > 1)
		draw_sum(progress);
	fputs("\033[?7h", progress->to);
	(void)fflush(progress->to);

	progress->drawn = progress->count + (progress->subjects > 1);
	clock_gettime(CLOCK_MONOTONIC, &progress->drawn_at);
}

void progress_clear(struct progress *progress)
{
	if (progress->drawn) {
		fprintf(progress->to, "\033[%zuA\r\033[J", progress->drawn);
		(void)fflush(progress->to);
	}
	progress->drawn = 0;
}

static void finish_step(struct progress *progress, const struct progress_row *row)
{
	if (!progress->timed || progress->mode == PROGRESS_NONE)
		return;

	progress_clear(progress);
	fprintf(progress->to, "%s: %s: %.3f s\n", row->subject, row->step,
		seconds_since(&row->start));
}

void progress_begin(struct progress *progress, size_t subjects)
{
	progress->subjects = subjects;
	progress->finished = 0;
	clock_gettime(CLOCK_MONOTONIC, &progress->start);
}

void progress_step(struct progress *progress, const char *subject, const char *step)
{
	struct progress_row *row = find(progress, subject);

	if (row) {
		finish_step(progress, row);
		free(row->step);
	} else {
		row = ARRAY_ADD(progress->rows, progress->count);
		row->subject = xstrdup(subject);
	}

	row->step = xstrdup(step);
	row->done = row->total = 0;
	clock_gettime(CLOCK_MONOTONIC, &row->start);
	if (progress->mode == PROGRESS_LINES && !progress->timed)
		fprintf(progress->to, "%s: %s\n", subject, step);
	draw(progress);
}

void progress_update(struct progress *progress, const char *subject, uint64_t done, uint64_t total)
{
	struct progress_row *row = find(progress, subject);

	if (!row)
		return;

	row->done = done < total ? done : total;
	row->total = total;
	if (progress->drawn == 0 || seconds_since(&progress->drawn_at) >= DRAW_PAUSE)
		draw(progress);
}

void progress_finish(struct progress *progress, const char *subject)
{
	struct progress_row *row = find(progress, subject);

	progress->finished++;
	if (!row)
		return;

	finish_step(progress, row);
	free(row->subject);
	free(row->step);
	memmove(row, row + 1,
		(size_t)(&progress->rows[progress->count] - (row + 1)) * sizeof(*row));
	progress->count--;
	draw(progress);
}

void progress_end(struct progress *progress)
{
	progress_clear(progress);
	while (progress->count)
		progress_finish(progress, progress->rows[0].subject);
	progress_clear(progress);
	free(progress->rows);
	progress->rows = NULL;
}
