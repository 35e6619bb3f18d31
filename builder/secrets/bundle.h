/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The secrets of a cluster, in the format of "talosctl gen secrets", with nib's
 * own additions under the key "nib".
 */
#pragma once

#include <stdint.h>

#include "util/buf.h"
#include "util/error.h"

/** A bundle.  Initialise with { 0 }.  Fields are NULL or empty where the file has none. */
struct bundle {
	/** secrets.bootstraptoken: "id.secret". */
	char *token;
	/** nib.certificatekey: 64 hex digits. */
	char *certificate_key;
	/** certs.k8s, decoded to PEM. */
	struct buf ca_crt, ca_key;
	/** "sha256:" and 64 hex digits over the CA's public key; NULL without a CA. */
	char *ca_hash;
	/** Key for everything that is derived: SHA-256 over the secrets above. */
	uint8_t seed[32];
};

/**
 * Read a bundle from YAML text.
 *
 * Messages never quote values.
 *
 * @param line, column  where the mistake is, from 1, 0 if there is no place; set on failure
 */
int bundle_parse(const struct buf *text, struct bundle *ret, unsigned *line, unsigned *column,
		 struct error *err);

/**
 * Read a bundle file; NAME.age and NAME.sops.yaml are decrypted by the age and
 * sops programs, in memory.
 *
 * A plain file that others can read is refused (-EPERM).
 *
 * @param age_identity  identity file for age; may be NULL: then it is the one that
 *                      SOPS_AGE_KEY_FILE names, without which a NAME.age is an
 *                      error, and sops has its own defaults
 */
int bundle_load(const char *path, const char *age_identity, struct bundle *ret, unsigned *line,
		unsigned *column, struct error *err);

/** Wipe and release everything; back to { 0 }. */
void bundle_free(struct bundle *bundle);
#define AUTOBUNDLE CLEANUP(bundle_free)
