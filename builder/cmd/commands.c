/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmd/cmd.h"
#include "util/alloc.h"
#include "util/text.h"

/* In the order in which a person meets them. */
const struct command *const commands[] = {
	&cmd_check, &cmd_plan, &cmd_build, &cmd_verify, &cmd_inspect, &cmd_boards, &cmd_cache,
};
const size_t n_commands = ARRAY_SIZE(commands);

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
