/* SPDX-License-Identifier: Apache-2.0 */
#include "util/progress.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "util/alloc.h"

/** A display that writes into memory. */
struct screen {
	struct progress progress;
	char *text;
	size_t len;
};

static void open_screen(struct screen *screen, enum progress_mode mode, bool timed)
{
	*screen = (struct screen){ .progress = { .mode = mode, .timed = timed } };
	screen->progress.to = open_memstream(&screen->text, &screen->len);
	assert_non_null(screen->progress.to);
}

static void close_screen(struct screen *screen)
{
	progress_end(&screen->progress);
	(void)fclose(screen->progress.to);
}

static void build_two(struct progress *progress)
{
	progress_begin(progress, 2);
	progress_step(progress, "node0", "copy");
	progress_update(progress, "node0", 5, 10);
	progress_step(progress, "node1", "copy");
	progress_update(progress, "node1", 1, 3);
	progress_step(progress, "node0", "apply");
	progress_finish(progress, "node0");
	progress_finish(progress, "node1");
}

static void prints_a_line_per_step(void **state)
{
	struct screen screen;

	(void)state;
	open_screen(&screen, PROGRESS_LINES, false);
	build_two(&screen.progress);
	close_screen(&screen);
	assert_text("lines", screen.text, "node0: copy\nnode1: copy\nnode0: apply\n");
	free(screen.text);
}

static void prints_how_long_steps_took(void **state)
{
	struct screen screen;

	(void)state;
	open_screen(&screen, PROGRESS_LINES, true);
	build_two(&screen.progress);
	close_screen(&screen);
	assert_non_null(strstr(screen.text, "node0: copy: 0."));
	assert_non_null(strstr(screen.text, "node0: apply: 0."));
	assert_non_null(strstr(screen.text, "node1: copy: 0."));
	free(screen.text);
}

static void is_silent(void **state)
{
	struct screen screen;

	(void)state;
	open_screen(&screen, PROGRESS_NONE, true);
	build_two(&screen.progress);
	close_screen(&screen);
	assert_text("nothing", screen.text, "");
	free(screen.text);
}

static void draws_bars(void **state)
{
	struct screen screen;

	(void)state;
	open_screen(&screen, PROGRESS_BARS, false);
	progress_begin(&screen.progress, 2);
	progress_step(&screen.progress, "node0", "copy");
	/* Drawn at once, not only after a pause. */
	progress_clear(&screen.progress);
	progress_update(&screen.progress, "node0", 5, 10);
	(void)fflush(screen.progress.to);
	assert_non_null(strstr(screen.text, "node0: copy [###############               ]  50%\n"));
	assert_non_null(strstr(screen.text, "0 of 2 done\n"));
	close_screen(&screen);

	/* What was drawn last is cleared: up as many lines as it has, and nothing behind. */
	const char *last = strstr(screen.text, "50%");
	assert_non_null(strstr(last, "\033[2A\r\033[J"));
	free(screen.text);
}

static void survives_odd_numbers(void **state)
{
	struct screen screen;

	(void)state;
	open_screen(&screen, PROGRESS_BARS, false);
	progress_update(&screen.progress, "nobody", 1, 2);
	progress_finish(&screen.progress, "nobody");
	progress_step(&screen.progress, "a", "download");
	progress_clear(&screen.progress);
	progress_update(&screen.progress, "a", 7, 0);
	progress_clear(&screen.progress);
	progress_update(&screen.progress, "a", 70, 7);
	(void)fflush(screen.progress.to);
	assert_non_null(strstr(screen.text, "100%"));
	close_screen(&screen);
	free(screen.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_a_line_per_step),
		cmocka_unit_test(prints_how_long_steps_took),
		cmocka_unit_test(is_silent),
		cmocka_unit_test(draws_bars),
		cmocka_unit_test(survives_odd_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
