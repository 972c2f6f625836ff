/* SPDX-License-Identifier: MIT */
#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include "serve/endpoint.h"

/** Find what a request asks for and have it answered. visit->stream and is_upgrade are set here. */
void routes_visit(struct visit *visit);

#endif
