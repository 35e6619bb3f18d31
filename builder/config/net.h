/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * IP addresses and networks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** An address with a prefix length. */
struct cidr {
	/** AF_INET or AF_INET6. */
	int family;
	/** Network byte order; 4 or 16 bytes are used. */
	uint8_t address[16];
	/** Bits of the network part. */
	unsigned prefix;
};

/** Parse "ADDRESS/PREFIX"; false if it is not one. */
bool cidr_parse(const char *text, struct cidr *ret);

/** Parse an address without a prefix, giving the longest prefix; false if it is not one. */
bool address_parse(const char *text, struct cidr *ret);

/** Are all host bits 0? */
bool cidr_is_canonical(const struct cidr *cidr);

/** The same network with host bits 0. */
struct cidr cidr_network(const struct cidr *cidr);

/** Does the network hold the address (its prefix is ignored)? */
bool cidr_contains(const struct cidr *network, const struct cidr *address);

/** Do two networks share an address? */
bool cidr_overlap(const struct cidr *a, const struct cidr *b);

/** Is it the same address (prefixes are ignored)? */
bool address_equal(const struct cidr *a, const struct cidr *b);

/** Order of two addresses of one family: below 0, 0, above 0. */
int address_compare(const struct cidr *a, const struct cidr *b);

/** The address that is n above the start of the network; for the first service addresses. */
struct cidr cidr_nth(const struct cidr *network, uint32_t n);

/** The last address of the network; for IPv4 that is the broadcast address. */
struct cidr cidr_last(const struct cidr *network);

/** Text form; prefix is left out where with_prefix is false. Owned by the caller. */
char *cidr_format(const struct cidr *cidr, bool with_prefix);

/** Port of an API server where none is given. */
#define ENDPOINT_PORT 6443

/**
 * Take "HOST:PORT", "HOST" or "[IPv6]:PORT" apart.
 *
 * @param host  name or address, without brackets; owned by the caller
 * @return false if it is none of these; whether the name is a valid one is not looked at
 */
bool endpoint_parse(const char *text, char **host, unsigned *port);
