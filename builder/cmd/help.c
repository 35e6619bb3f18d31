/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cmd/cmd.h"
#include "util/alloc.h"

static void print_options(const struct option_group *group)
{
	printf("\n%s:\n", group->title);
	for (size_t i = 0; i < group->count; i++) {
		const struct option_spec *spec = &group->specs[i];
		AUTOBUF struct buf text = { 0 };

		if (spec->kind == OPTION_REFUSED)
			continue;

		if (spec->letter)
			buf_addf(&text, "-%c, ", spec->letter);
		else
			buf_adds(&text, "    ");
		buf_addf(&text, "--%s", spec->name);
		if (spec->argument)
			buf_addf(&text, " %s", spec->argument);

		printf("  %-26s %s\n", text.data, spec->help);
	}
}

static void print_overview(void)
{
	printf("Usage: nib [OPTION...] COMMAND [ARGUMENT...]\n\n"
	       "Write bootable images for the nodes of a Kubernetes cluster.\n\nCommands:\n");
	for (size_t i = 0; i < n_commands; i++)
		printf("  %-8s %-12s %s\n", commands[i]->name, commands[i]->synopsis,
		       commands[i]->summary);

	print_options(&options_global);
	printf("\nOptions of a command: nib COMMAND --help.  Manual: man nib.\n");
}

void help_print(const struct command *command)
{
	if (!command) {
		print_overview();
		return;
	}

	printf("Usage: nib %s [OPTION...]%s%s\n\n%s", command->name, *command->synopsis ? " " : "",
	       command->synopsis, command->description);
	for (size_t i = 0; command->groups[i]; i++)
		print_options(command->groups[i]);
	print_options(&options_global);
}
