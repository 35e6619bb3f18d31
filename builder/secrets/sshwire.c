/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/sshwire.h"

#include <endian.h>
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdint.h>
#include <string.h>

#include "util/alloc.h"

enum {
	ED25519_SIZE = 32,
	/* OpenSSH refuses less (RequiredRSASize), and OpenSSL to use more. */
	RSA_MIN_BITS = 1024,
	RSA_MAX_BITS = 16384,
};

DEFINE_CLEANUP(EC_GROUP *, EC_GROUP_free)
DEFINE_CLEANUP(EC_POINT *, EC_POINT_free)

/** A part of a key, each read by one function. */
enum field {
	FIELD_END,
	FIELD_ED25519,
	FIELD_EXPONENT,
	FIELD_MODULUS,
	FIELD_CURVE,
	FIELD_POINT,
	FIELD_STRING,
	FIELD_U32,
	FIELD_U64,
};

/** A type of key. */
struct type {
	const char *name;
	/** Name of a certificate for such a key. */
	const char *cert_name;
	enum field fields[4];
	/** For FIELD_CURVE and FIELD_POINT. */
	const char *curve;
	int nid;
};

/* clang-format off */
static const struct type types[] = {
	{ "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com",
	  { FIELD_ED25519 } },
	{ "ssh-rsa", "ssh-rsa-cert-v01@openssh.com",
	  { FIELD_EXPONENT, FIELD_MODULUS } },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com",
	  { FIELD_CURVE, FIELD_POINT }, "nistp256", NID_X9_62_prime256v1 },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
	  { FIELD_CURVE, FIELD_POINT }, "nistp384", NID_secp384r1 },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
	  { FIELD_CURVE, FIELD_POINT }, "nistp521", NID_secp521r1 },
	{ "sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com",
	  { FIELD_ED25519, FIELD_STRING } },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
	  { FIELD_CURVE, FIELD_POINT, FIELD_STRING }, "nistp256", NID_X9_62_prime256v1 },
};

/* After the key itself: serial, type, id, principals, valid after and before, critical options,
 * extensions, reserved, signature key, signature. */
static const enum field cert_fields[] = {
	FIELD_U64, FIELD_U32, FIELD_STRING, FIELD_STRING, FIELD_U64, FIELD_U64, FIELD_STRING,
	FIELD_STRING, FIELD_STRING, FIELD_STRING, FIELD_STRING, FIELD_END,
};

static const char *const refused[] = { "ssh-dss", "ssh-dss-cert-v01@openssh.com" };
/* clang-format on */

/** A key that is being read. */
struct reader {
	const uint8_t *pos;
	size_t left;
};

/** Bytes in a reader; borrowed. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

static bool bytes_are(const struct bytes *bytes, const char *text)
{
	return bytes->len == strlen(text) && memcmp(bytes->data, text, bytes->len) == 0;
}

static bool read_bytes(struct reader *reader, size_t len, struct bytes *ret)
{
	if (reader->left < len)
		return false;

	*ret = (struct bytes){ .data = reader->pos, .len = len };
	reader->pos += len;
	reader->left -= len;
	return true;
}

static bool read_string(struct reader *reader, struct bytes *ret)
{
	uint32_t len;

	if (!read_bytes(reader, sizeof(len), ret))
		return false;

	memcpy(&len, ret->data, sizeof(len));
	return read_bytes(reader, be32toh(len), ret);
}

static bool name_is(const char *name, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(name, want, len) == 0;
}

static const struct type *find_type(const char *name, size_t len, bool *cert)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		*cert = name_is(name, len, types[i].cert_name);
		if (*cert || name_is(name, len, types[i].name))
			return &types[i];
	}

	return NULL;
}

static bool is_refused(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (name_is(name, len, refused[i]))
			return true;

	return false;
}

bool sshwire_is_type(const char *name, size_t len)
{
	bool cert;

	return find_type(name, len, &cert) || is_refused(name, len);
}

/* Positive, and without superfluous zeros (RFC 4251, section 5). */
static bool is_mpint(const struct bytes *bytes)
{
	if (bytes->len == 0 || bytes->data[0] & 0x80)
		return false;
	if (bytes->data[0] == 0)
		return bytes->len > 1 && bytes->data[1] & 0x80;
	return true;
}

static size_t mpint_bits(const struct bytes *bytes)
{
	size_t skip = bytes->data[0] == 0;
	unsigned top = bytes->data[skip];

	return (bytes->len - skip) * 8 - (size_t)(__builtin_clz(top) - 24);
}

static int check_exponent(const struct bytes *bytes, struct error *err)
{
	if (!is_mpint(bytes) || !(bytes->data[bytes->len - 1] & 1) || mpint_bits(bytes) < 2)
		return error_set(err, -EINVAL, "the key is damaged: no RSA exponent");
	return 0;
}

static int check_modulus(const struct bytes *bytes, struct error *err)
{
	if (!is_mpint(bytes) || !(bytes->data[bytes->len - 1] & 1))
		return error_set(err, -EINVAL, "the key is damaged: no RSA modulus");

	size_t bits = mpint_bits(bytes);
	if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS)
		return error_set(err, -EINVAL,
				 "an RSA key of %zu bits; OpenSSH takes %d to %d bits", bits,
				 RSA_MIN_BITS, RSA_MAX_BITS);
	return 0;
}

/* A mistyped key is hardly ever on the curve. */
static int check_point(const struct bytes *bytes, int nid, struct error *err)
{
	CLEANUP(EC_GROUP_freep) EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
	CLEANUP(EC_POINT_freep) EC_POINT *point = group ? EC_POINT_new(group) : NULL;

	if (!point)
		return error_set(err, -ENOMEM, "set up an elliptic curve");
	if (bytes->len == 0 || bytes->data[0] != POINT_CONVERSION_UNCOMPRESSED ||
	    EC_POINT_oct2point(group, point, bytes->data, bytes->len, NULL) != 1)
		return error_set(err, -EINVAL, "the key is damaged: its point is not on the curve");
	return 0;
}

static bool read_field(struct reader *reader, enum field field, struct bytes *ret)
{
	switch (field) {
	case FIELD_U32: return read_bytes(reader, 4, ret);
	case FIELD_U64: return read_bytes(reader, 8, ret);
	default: return read_string(reader, ret);
	}
}

static int check_field(const struct type *type, enum field field, const struct bytes *bytes,
		       struct error *err)
{
	switch (field) {
	case FIELD_EXPONENT: return check_exponent(bytes, err);
	case FIELD_MODULUS: return check_modulus(bytes, err);
	case FIELD_POINT: return check_point(bytes, type->nid, err);
	case FIELD_CURVE:
		if (!bytes_are(bytes, type->curve))
			return error_set(err, -EINVAL, "the key is damaged: not on curve %s",
					 type->curve);
		return 0;
	case FIELD_ED25519:
		if (bytes->len != ED25519_SIZE)
			return error_set(err, -EINVAL, "an Ed25519 key of %zu bytes instead of %d",
					 bytes->len, ED25519_SIZE);
		return 0;
	default: return 0;
	}
}

static int check_fields(struct reader *reader, const struct type *type, const enum field *fields,
			struct error *err)
{
	struct bytes bytes;

	for (; *fields != FIELD_END; fields++) {
		if (!read_field(reader, *fields, &bytes))
			return error_set(err, -EINVAL, "the key is cut off");

		int r = check_field(type, *fields, &bytes, err);
		if (r < 0)
			return r;
	}

	return 0;
}

int sshwire_check(const char *name, size_t len, const struct buf *key, struct error *err)
{
	struct reader reader = { .pos = (const uint8_t *)buf_text(key), .left = key->len };
	struct bytes bytes;
	bool cert;

	if (is_refused(name, len))
		return error_set(err, -EINVAL, "a DSA key, which OpenSSH no longer accepts");

	const struct type *type = find_type(name, len, &cert);
	if (!type)
		return error_set(err, -EINVAL, "unknown type of key");

	if (!read_string(&reader, &bytes))
		return error_set(err, -EINVAL, "the key is cut off");
	if (!bytes_are(&bytes, cert ? type->cert_name : type->name))
		return error_set(err, -EINVAL, "the key is not of the type that stands before it");

	/* A certificate has a nonce before the key's own fields. */
	if (cert && !read_string(&reader, &bytes))
		return error_set(err, -EINVAL, "the key is cut off");

	int r = check_fields(&reader, type, type->fields, err);
	if (r == 0 && cert)
		r = check_fields(&reader, type, cert_fields, err);
	if (r < 0)
		return r;

	if (reader.left)
		return error_set(err, -EINVAL, "%zu bytes too many at the end of the key",
				 reader.left);
	return 0;
}
