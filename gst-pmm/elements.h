/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GST_PMM_ELEMENTS_H
#define GST_PMM_ELEMENTS_H

#include <gst/gst.h>

GST_ELEMENT_REGISTER_DECLARE(pmmpool);
GST_ELEMENT_REGISTER_DECLARE(pmmximagesink);

#endif
