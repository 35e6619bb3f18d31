/* SPDX-License-Identifier: Apache-2.0 */
#include "util/print.h"

#include <stdarg.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

void print_line(FILE *to, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	AUTOFREE char *line = xvasprintf(format, args);
	va_end(args);

	text_make_printable(line);
	fprintf(to, "%s\n", line);
}

void print_text(FILE *to, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\t\n");
		AUTOFREE char *piece = xstrndup(text, len);

		text_make_printable(piece);
		fputs(piece, to);
		text += len;
		for (; *text == '\t' || *text == '\n'; text++)
			fputc(*text, to);
	}
}
