/* SPDX-License-Identifier: Apache-2.0 */
#include "util/print.h"

#include <stdlib.h>

#include "test.h"
#include "util/cleanup.h"

static void keeps_a_line_one_line(void **state)
{
	AUTOFREE char *got = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&got, &len);

	(void)state;
	print_line(to, "%s -> %s", "/etc/x", "y\n+ write /etc/\033[1m\tz");
	(void)fclose(to);
	assert_text("line", got, "/etc/x -> y?+ write /etc/?[1m?z\n");
}

static void keeps_lines_and_tabs_of_a_text(void **state)
{
	AUTOFREE char *got = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&got, &len);

	(void)state;
	print_text(to, "\n\ta\r\n\n+\033b\xe2\x80\xae");
	(void)fclose(to);
	assert_text("text", got, "\n\ta?\n\n+?b?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_a_line_one_line),
		cmocka_unit_test(keeps_lines_and_tabs_of_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
