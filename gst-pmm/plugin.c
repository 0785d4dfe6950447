// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements.h"

#define PACKAGE "pmm"

static gboolean plugin_init(GstPlugin *plugin)
{
	return GST_ELEMENT_REGISTER(pmmpool, plugin) &&
	       GST_ELEMENT_REGISTER(pmmximagesink, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, pmm,
		  "Video in physically contiguous memory that devices and other programs share",
		  plugin_init, PMM_VERSION, "LGPL", "PMM", "https://gstreamer.freedesktop.org/")
