/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Who a node image is for, as nib wrote it into /etc/nib/node.env.
 */
#pragma once

#include "image/backend.h"

/** Where it stands: shell assignments, sourced by the first-boot scripts. */
#define IDENTITY_PATH "/etc/nib/node.env"

/** An identity.  node is NULL if nib did not write the image; else all are set; owned. */
struct identity {
	char *node, *role, *cluster, *board, *nib_version;
};

/** Read the identity of an image. */
int identity_read(struct backend *b, struct identity *ret, struct error *err);

/** Release everything. */
void identity_free(struct identity *identity);
#define AUTOIDENTITY CLEANUP(identity_free)
