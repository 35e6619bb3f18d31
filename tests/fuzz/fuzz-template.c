/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fuzz.h"
#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct template_var vars[] = { { "NAME", "x" }, { "EMPTY", "" } };
	AUTODIAGS struct diags diags = { 0 };
	AUTOBUF struct buf text = { 0 }, got = { 0 };

	buf_add(&text, data, size);
	const struct source *source = diags_source(&diags, "t", TAKE_BUF(text));

	template_render(source, vars, ARRAY_SIZE(vars), &got, &diags);
	FUZZ_CHECK(got.len <= size);
	for (size_t i = 0; i < diags.count; i++) {
		FUZZ_CHECK(diags.list[i].at.line >= 1 && diags.list[i].at.column >= 1);
		FUZZ_CHECK(diags.list[i].at.line <= size + 1);
	}
	if (!diags.count && !memchr(data, '$', size))
		FUZZ_CHECK(buf_equal(&got, &source->text));
	return 0;
}
