/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/ca.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "util/alloc.h"
#include "util/digest.h"

DEFINE_CLEANUP(BIO *, BIO_free)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)

/* With a passphrase, even an empty one, OpenSSL does not ask for any on the terminal. */
static X509 *read_certificate(const struct buf *pem)
{
	CLEANUP(BIO_freep) BIO *bio = BIO_new_mem_buf(buf_text(pem), (int)pem->len);
	char passphrase[] = "";

	return bio ? PEM_read_bio_X509(bio, NULL, NULL, passphrase) : NULL;
}

static EVP_PKEY *read_key(const struct buf *pem)
{
	CLEANUP(BIO_freep) BIO *bio = BIO_new_mem_buf(buf_text(pem), (int)pem->len);
	char passphrase[] = "";

	return bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, passphrase) : NULL;
}

static int hash_public_key(X509 *crt, char **ret, struct error *err)
{
	unsigned char *der = NULL;
	uint8_t digest[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE];

	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(crt), &der);
	if (len <= 0)
		return error_set(err, -EINVAL, "the certificate's public key cannot be encoded");

	digest_sha256(der, (size_t)len, digest);
	OPENSSL_free(der);

	digest_hex(digest, hex);
	*ret = xasprintf("sha256:%s", hex);
	return 0;
}

static int check(const struct buf *crt_pem, const struct buf *key_pem, char **hash,
		 struct error *err)
{
	CLEANUP(X509_freep) X509 *crt = read_certificate(crt_pem);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = read_key(key_pem);

	if (!crt)
		return error_set(err, -EINVAL, "crt is not a certificate in PEM format");
	if (!key)
		return error_set(err, -EINVAL,
				 "key is not a private key in PEM format without a passphrase");

	int type = EVP_PKEY_get_base_id(key);
	if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC)
		return error_set(err, -EINVAL, "kubeadm takes only RSA and ECDSA keys");
	if (X509_check_private_key(crt, key) != 1)
		return error_set(err, -EINVAL, "crt and key do not belong together");
	if (X509_check_ca(crt) != 1)
		return error_set(err, -EINVAL, "the certificate is not one of an authority");
	if (X509_cmp_current_time(X509_get0_notAfter(crt)) <= 0)
		return error_set(err, -EINVAL, "the certificate has expired");

	return hash_public_key(crt, hash, err);
}

int ca_check(const struct buf *crt, const struct buf *key, char **hash, struct error *err)
{
	int r = check(crt, key, hash, err);

	ERR_clear_error();
	return r;
}
