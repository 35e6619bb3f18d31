/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/base64.h"

#include <openssl/evp.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* EVP_DecodeBlock() forgives too much; it only gets to see what is right. */
static size_t check(const char *text, size_t len)
{
	size_t digits = 0;

	while (digits < len && text[digits] && strchr(alphabet, text[digits]))
		digits++;

	size_t padding = (4 - digits % 4) % 4;
	if (padding == 3)
		return digits - 1;

	size_t end = digits;
	while (end < len && end < digits + padding && text[end] == '=')
		end++;

	return end == digits + padding ? end : digits;
}

size_t base64_decode(const char *text, size_t len, struct buf *ret)
{
	AUTOBUF struct buf content = { 0 };
	size_t right = check(text, len);

	if (right < len || len % 4 != 0 || len > (1 << 28))
		return right < len ? right : 0;

	int n = EVP_DecodeBlock((unsigned char *)buf_reserve(&content, len / 4 * 3),
				(const unsigned char *)text, (int)len);
	if (n < 0)
		return 0;

	/* OpenSSL counts the bytes that the padding stands for. */
	while (len && text[len - 1] == '=') {
		n--;
		len--;
	}
	content.len = (size_t)n;
	content.data[content.len] = '\0';
	*ret = TAKE_BUF(content);
	return right;
}
