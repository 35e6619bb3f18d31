/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Printing for people: names and texts that come from images, archives and the
 * command line must neither act on a terminal nor pretend to be what they are not.
 */
#pragma once

#include <stdio.h>

/**
 * Print one line, without its newline in the format.  What text_make_printable()
 * replaces is replaced in all of it, so that no argument begins a line of its own.
 */
void print_line(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Print a text as it is but for what text_make_printable() replaces; tabs and newlines stay. */
void print_text(FILE *to, const char *text);
