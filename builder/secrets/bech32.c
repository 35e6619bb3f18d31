/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/bech32.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { CHECKSUM = 6 };

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* The checksum is a BCH code over GF(32); these are its generator's coefficients (BIP 173). */
static uint32_t polymod(uint32_t sum, uint8_t value)
{
	static const uint32_t generator[] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3,
	};
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (unsigned i = 0; i < 5; i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

static uint32_t prefix_sum(const char *prefix)
{
	uint32_t sum = 1;

	for (const char *c = prefix; *c; c++)
		sum = polymod(sum, (uint8_t)tolower((unsigned char)*c) >> 5);
	sum = polymod(sum, 0);
	for (const char *c = prefix; *c; c++)
		sum = polymod(sum, (uint8_t)tolower((unsigned char)*c) & 31);
	return sum;
}

static int digit(int c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Groups of 5 bits to bytes; what is left over must be fewer than 5 bits, all 0. */
static bool unpack(const char *text, size_t len, bool upper, struct buf *ret, uint32_t *sum)
{
	unsigned bits = 0;
	uint32_t value = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		int d = upper && islower(c) ? -1 : digit(upper ? tolower(c) : c);

		if (d < 0)
			return false;
		*sum = polymod(*sum, (uint8_t)d);
		if (i >= len - CHECKSUM)
			continue;

		value = (value << 5 | (uint32_t)d) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			buf_add(ret, &(uint8_t){ (uint8_t)(value >> bits) }, 1);
		}
	}

	return bits < 5 && (value & ((1U << bits) - 1)) == 0;
}

bool bech32_decode(const char *text, size_t len, const char *prefix, struct buf *ret)
{
	AUTOBUF struct buf data = { 0 };
	size_t n = strlen(prefix);
	uint32_t sum = prefix_sum(prefix);

	if (len < n + 1 + CHECKSUM || memcmp(text, prefix, n) != 0 || text[n] != '1')
		return false;
	if (!unpack(text + n + 1, len - n - 1, isupper((unsigned char)prefix[0]), &data, &sum))
		return false;
	if (sum != 1)
		return false;

	*ret = TAKE_BUF(data);
	return true;
}

static void add_digit(struct buf *ret, uint8_t value, uint32_t *sum)
{
	*sum = polymod(*sum, value);
	buf_add(ret, &alphabet[value], 1);
}

void bech32_encode(struct buf *ret, const char *prefix, const struct buf *data)
{
	uint32_t sum = prefix_sum(prefix), value = 0;
	unsigned bits = 0;

	buf_addf(ret, "%s1", prefix);
	for (size_t i = 0; i < data->len; i++) {
		value = (value << 8 | (uint8_t)data->data[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			add_digit(ret, value >> (bits - 5) & 31, &sum);
	}
	if (bits)
		add_digit(ret, (uint8_t)(value << (5 - bits) & 31), &sum);

	for (unsigned i = 0; i < CHECKSUM; i++)
		sum = polymod(sum, 0);
	sum ^= 1;
	for (unsigned i = 0; i < CHECKSUM; i++)
		buf_add(ret, &alphabet[sum >> 5 * (CHECKSUM - 1 - i) & 31], 1);
}
