/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The certificate authority of a cluster, as kubeadm takes it.
 */
#pragma once

#include "util/buf.h"
#include "util/error.h"

/**
 * Check a CA: a certificate that may sign, not expired, with an RSA or ECDSA key
 * (kubeadm knows no others) that fits the private key.
 *
 * @param crt, key  PEM; the key must not be encrypted
 * @param hash      "sha256:" and 64 hex digits over the DER form of its public key, as
 *                  kubeadm's caCertHashes has it; owned by the caller
 */
int ca_check(const struct buf *crt, const struct buf *key, char **hash, struct error *err);
