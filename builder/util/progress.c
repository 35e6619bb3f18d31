/* SPDX-License-Identifier: Apache-2.0 */
#include "util/progress.h"

enum { BAR_WIDTH = 30 };

static void draw(struct progress *progress, int percent)
{
	int filled = percent * BAR_WIDTH / 100;

	fprintf(progress->to, "\r\033[K%s: %s ", progress->subject, progress->step);
	if (percent >= 0) {
		fputc('[', progress->to);
		for (int i = 0; i < BAR_WIDTH; i++)
			fputc(i < filled ? '#' : ' ', progress->to);
		fprintf(progress->to, "] %3d%%", percent);
	}
	(void)fflush(progress->to);
}

static void clear(const struct progress *progress)
{
	if (progress->mode == PROGRESS_BAR)
		fputs("\r\033[K", progress->to);
}

static void finish_step(const struct progress *progress)
{
	struct timespec now;

	if (!progress->subject || !progress->timed || progress->mode == PROGRESS_NONE)
		return;

	clock_gettime(CLOCK_MONOTONIC, &now);
	clear(progress);
	fprintf(progress->to, "%s: %s: %.3f s\n", progress->subject, progress->step,
		(double)(now.tv_sec - progress->start.tv_sec) +
			(double)(now.tv_nsec - progress->start.tv_nsec) / 1e9);
}

void progress_step(struct progress *progress, const char *subject, const char *step)
{
	finish_step(progress);
	progress->subject = subject;
	progress->step = step;
	progress->shown = -1;
	clock_gettime(CLOCK_MONOTONIC, &progress->start);

	if (progress->mode == PROGRESS_LINES && !progress->timed)
		fprintf(progress->to, "%s: %s\n", subject, step);
	if (progress->mode == PROGRESS_BAR)
		draw(progress, -1);
}

void progress_update(struct progress *progress, uint64_t done, uint64_t total)
{
	int percent = total ? (int)((double)done * 100 / (double)total) : 100;

	if (progress->mode != PROGRESS_BAR || percent == progress->shown)
		return;

	progress->shown = percent;
	draw(progress, percent);
}

void progress_end(struct progress *progress)
{
	finish_step(progress);
	if (progress->subject)
		clear(progress);
	progress->subject = NULL;
}
