/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/text.h"

/* In the order in which a person meets them. */
const struct command *const commands[] = {
	&cmd_check, &cmd_plan, &cmd_build, &cmd_verify, &cmd_inspect, &cmd_boards, &cmd_cache,
};
const size_t n_commands = ARRAY_SIZE(commands);

int check_image_argument(const char *path, struct error *err)
{
	if (access(path, R_OK) < 0)
		return error_set_usage(err, "open '%s': %s", path, strerror(errno));
	return 0;
}

void print_json_step(const char *kind, const char *name, const char *step)
{
	AUTOJSON struct json_object *line = json_new_line("step");

	json_put_text(line, kind, name);
	json_put_text(line, "step", step);
	json_print_line(line, stdout);
	(void)fflush(stdout);
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < n_commands; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];

	return NULL;
}

const char *command_suggest(const char *name)
{
	const char *names[ARRAY_SIZE(commands)];

	for (size_t i = 0; i < n_commands; i++)
		names[i] = commands[i]->name;

	return text_suggest(name, names, n_commands);
}
