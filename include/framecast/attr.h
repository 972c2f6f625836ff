/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_ATTR_H
#define FRAMECAST_ATTR_H

/* Attributes used by the installed headers; empty where a compiler lacks them. */

#if defined(__GNUC__)
#define FC_API __attribute__((visibility("default")))
#define FC_EXPORT __attribute__((visibility("default"))) /* of what a plug-in is asked for */
#define FC_NODISCARD __attribute__((warn_unused_result))
#define FC_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define FC_API
#define FC_EXPORT
#define FC_NODISCARD
#define FC_PRINTF(fmt, first)
#endif

#ifdef __cplusplus
#define FC_BEGIN extern "C" {
#define FC_END }
#else
#define FC_BEGIN
#define FC_END
#endif

#endif
