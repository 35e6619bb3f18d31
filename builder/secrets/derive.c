/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/derive.h"

#include <assert.h>
#include <endian.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/digest.h"

void derive_bytes(const struct derive *derive, const char *purpose, uint8_t *ret, size_t len)
{
	AUTOBUF struct buf message = { 0 };
	uint8_t mac[DIGEST_SIZE];

	assert(len <= sizeof(mac));

	/* With its 0 byte the name cannot run into the purpose. */
	buf_add(&message, derive->node, strlen(derive->node) + 1);
	buf_adds(&message, purpose);
	digest_hmac(derive->seed, sizeof(derive->seed), message.data, message.len, mac);

	memcpy(ret, mac, len);
	OPENSSL_cleanse(mac, sizeof(mac));
}

void derive_uuid(const struct derive *derive, const char *purpose, char ret[static 37])
{
	uint8_t b[16];

	derive_bytes(derive, purpose, b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x80); /* version 8 */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80); /* variant of RFC 9562 */

	(void)snprintf(ret, 37,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		       b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		       b[13], b[14], b[15]);
}

uint32_t derive_u32(const struct derive *derive, const char *purpose)
{
	uint32_t value;

	derive_bytes(derive, purpose, (uint8_t *)&value, sizeof(value));
	value = le32toh(value);
	return value ? value : 1;
}
