/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Connection profiles of NetworkManager (nm-settings-keyfile(5)).
 */
#pragma once

#include <stddef.h>

#include "util/buf.h"

/** Addresses of one family. */
struct keyfile_ip {
	/** "ADDRESS/PREFIX"; NULL for automatic configuration. */
	const char *address;
	/** Default gateway; NULL if there is none. */
	const char *gateway;
	/** Name servers of this family, ended by NULL; may be NULL. */
	const char *const *dns;
};

/** One connection. */
struct keyfile {
	/** Name of the profile, and its identity in RFC 9562 text form. */
	const char *id, *uuid;
	/** Interface that it is bound to. */
	const char *interface;
	/** Name of the wireless network; NULL for a wired connection. */
	const char *ssid;
	/** Passphrase or 64 hexadecimal digits; NULL for an open network. */
	const char *psk;
	struct keyfile_ip ipv4, ipv6;
};

/** Append the profile. */
void keyfile_format(const struct keyfile *keyfile, struct buf *ret);
