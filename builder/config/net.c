/* SPDX-License-Identifier: Apache-2.0 */
#include "config/net.h"

#include <arpa/inet.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

static unsigned bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

bool address_parse(const char *text, struct cidr *ret)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	*ret = (struct cidr){ .family = family, .prefix = bits(family) };
	return inet_pton(family, text, ret->address) == 1;
}

bool cidr_parse(const char *text, struct cidr *ret)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	uint64_t prefix;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;

	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';

	/* "/024" is more likely a mistake than a way to write 24. */
	if (!address_parse(address, ret) || (slash[1] == '0' && slash[2]) ||
	    !text_parse_number(slash + 1, bits(ret->family), &prefix))
		return false;

	ret->prefix = (unsigned)prefix;
	return true;
}

/* Bits of byte number i that belong to the network part. */
static uint8_t mask(unsigned prefix, unsigned i)
{
	if (prefix >= 8 * (i + 1))
		return 0xff;
	if (prefix <= 8 * i)
		return 0;

	return (uint8_t)(0xff << (8 * (i + 1) - prefix));
}

struct cidr cidr_network(const struct cidr *cidr)
{
	struct cidr network = *cidr;

	for (unsigned i = 0; i < sizeof(network.address); i++)
		network.address[i] &= mask(cidr->prefix, i);
	return network;
}

bool cidr_is_canonical(const struct cidr *cidr)
{
	struct cidr network = cidr_network(cidr);

	return memcmp(network.address, cidr->address, sizeof(network.address)) == 0;
}

bool cidr_contains(const struct cidr *network, const struct cidr *address)
{
	if (network->family != address->family)
		return false;

	for (unsigned i = 0; i < bits(network->family) / 8; i++)
		if ((network->address[i] ^ address->address[i]) & mask(network->prefix, i))
			return false;
	return true;
}

bool cidr_overlap(const struct cidr *a, const struct cidr *b)
{
	return a->prefix <= b->prefix ? cidr_contains(a, b) : cidr_contains(b, a);
}

bool address_equal(const struct cidr *a, const struct cidr *b)
{
	return a->family == b->family && memcmp(a->address, b->address, bits(a->family) / 8) == 0;
}

int address_compare(const struct cidr *a, const struct cidr *b)
{
	return memcmp(a->address, b->address, bits(a->family) / 8);
}

struct cidr cidr_nth(const struct cidr *network, uint32_t n)
{
	struct cidr result = cidr_network(network);
	uint64_t carry = n;

	for (unsigned i = bits(network->family) / 8; i-- > 0;) {
		carry += result.address[i];
		result.address[i] = (uint8_t)carry;
		carry >>= 8;
	}

	return result;
}

struct cidr cidr_last(const struct cidr *network)
{
	struct cidr result = *network;

	for (unsigned i = 0; i < bits(network->family) / 8; i++)
		result.address[i] |= (uint8_t)~mask(network->prefix, i);
	return result;
}

char *cidr_format(const struct cidr *cidr, bool with_prefix)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(cidr->family, cidr->address, text, sizeof(text));
	return with_prefix ? xasprintf("%s/%u", text, cidr->prefix) : xstrdup(text);
}

bool endpoint_parse(const char *text, char **host, unsigned *port)
{
	const char *colon = strrchr(text, ':'), *end = text + strlen(text);
	struct cidr address;
	uint64_t number = ENDPOINT_PORT;

	if (text[0] == '[') {
		text++;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		colon = end[1] ? end + 1 : NULL;
	} else if (colon && strchr(text, ':') != colon) {
		colon = NULL; /* an IPv6 address without a port */
	} else if (colon) {
		end = colon;
	}

	if (end == text || (colon && !text_parse_number(colon + 1, UINT16_MAX, &number)) || !number)
		return false;

	AUTOFREE char *name = xstrndup(text, (size_t)(end - text));
	if (strchr(name, ':') && !address_parse(name, &address))
		return false;

	*host = TAKE(name);
	*port = (unsigned)number;
	return true;
}
