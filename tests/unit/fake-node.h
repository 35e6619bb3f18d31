/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A node that is planned on an image in memory.
 */
#pragma once

#include "fake-raspios.h"
#include "plan/inputs.h"
#include "plan/plan.h"
#include "plan/release.h"

/** Everything raspios_plan() works with.  Change what the test is about between init and run. */
struct fake_node {
	struct backend *b;
	struct layout layout;
	/** Partitions of an image that was applied to, and their ids. */
	struct partition partitions[2];
	char part_uuids[2][16];
	struct release release;
	struct board board;
	struct cluster cluster;
	/** node0 on DHCP, which is planned; node1 at 192.168.5.21/24; node2 on DHCP. */
	struct node nodes[3];
	/** pi, with a key; node0's only user. */
	struct user users[2];
	struct user_input user_inputs[2];
	struct file_spec files[2];
	struct buf file_contents[2];
	struct inputs inputs;
	struct plan plan;
	struct diags diags;
	struct error err;
	/** What raspios_plan() returned. */
	int code;
};

/** node0 of cluster rpi, for a Raspberry Pi 5; takes over the image. */
void fake_node_init(struct fake_node *f, struct backend *b);

/** Mount, detect, plan. */
void fake_node_run(struct fake_node *f);

/** Carry out the plan on the image, and begin a new one, as for the image that comes out. */
void fake_node_apply(struct fake_node *f);

/** Content that the plan writes to a path; NULL if it writes none; borrowed. */
const char *fake_node_text(const struct fake_node *f, const char *path);

/** Target of a link that is planned; NULL if there is none; borrowed. */
const char *fake_node_link(const struct fake_node *f, const char *path);

/** Does the plan remove this? */
bool fake_node_removes(const struct fake_node *f, const char *path);

/** Is there a finding with this message? */
bool fake_node_found(const struct fake_node *f, enum severity severity, const char *message);

/** The finding that comes first among those of that severity; "" if there is none. */
const char *fake_node_first(const struct fake_node *f, enum severity severity);

/** Set a value as if it were written in cluster.yaml. */
struct text fake_value(const char *value);

void fake_node_free(struct fake_node *f);
#define AUTONODE CLEANUP(fake_node_free)
