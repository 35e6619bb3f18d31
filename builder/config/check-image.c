/* SPDX-License-Identifier: Apache-2.0 */
#include "config/check.h"

const struct text *image_place(const struct image_source *image)
{
	return image->url.value ? &image->url : &image->file;
}

void check_image(const struct node *node, struct diags *diags)
{
	const struct image_source *image = &node->image;
	bool has_file = image->file.at.source, has_url = image->url.at.source;

	if (has_file && has_url) {
		diag_error(diags, &image->url.at, "'file' and 'url' exclude each other");
	} else if (!has_file && !has_url && image->at.source && !diags->errors) {
		diag_error(diags, &image->at, "the image has neither 'file' nor 'url'");
		diag_help(diags, "as in 'image: {file: rpi5-k8s-base.img}'");
	} else if (has_url && !image->sha256.at.source) {
		diag_error(diags, &image->url.at, "%s is missing",
			   cluster_wording(&image->url.at, "'sha256'", "--image-sha256"));
		diag_help(diags, "what is downloaded is only used if it is what was meant");
	}
}
