/* SPDX-License-Identifier: MIT */
#include "engine/ws/extension.h"

#include "engine/http/token.h"

bool fc_ws_extension_next(struct fc_bytes *list, struct fc_bytes *name, struct fc_bytes *parameters)
{
    struct fc_bytes element = { 0 };
    while (element.size == 0 && list->size > 0) {
        element = fc_http_trim(fc_http_split(*list, ',', list));
    }
    if (element.size == 0) {
        return false;
    }
    *name = fc_http_trim(fc_http_split(element, ';', parameters));
    /* "name;" has an empty parameter, which is not in order: keep it */
    if (parameters->size == 0 && element.data[element.size - 1] == ';') {
        *parameters = (struct fc_bytes){ element.data + element.size - 1, 1 };
    }
    return true;
}

/* A value in quotes must be a token once they are gone, so that an escape is of no use. */
static struct fc_bytes unquote(struct fc_bytes value)
{
    if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"') {
        return (struct fc_bytes){ value.data + 1, value.size - 2 };
    }
    return value;
}

enum fc_ws_parameter_step fc_ws_parameter_next(struct fc_bytes *parameters,
                                               struct fc_ws_parameter *out)
{
    if (parameters->size == 0) {
        return FC_WS_PARAMETERS_END;
    }
    const uint8_t *end = parameters->data + parameters->size;
    const struct fc_bytes element = fc_http_split(*parameters, ';', parameters);
    const bool ends_open = parameters->size == 0 && element.data + element.size < end;
    struct fc_bytes value;
    const struct fc_bytes name = fc_http_split(element, '=', &value);
    *out = (struct fc_ws_parameter){
        .name = fc_http_trim(name),
        .value = unquote(fc_http_trim(value)),
        .has_value = name.size < element.size,
    };
    const bool is_valid = fc_http_is_token(out->name) &&
                          (!out->has_value || fc_http_is_token(out->value)) && !ends_open;
    return is_valid ? FC_WS_PARAMETER : FC_WS_PARAMETER_BAD;
}

static bool is_valid(struct fc_bytes list)
{
    struct fc_bytes name;
    struct fc_bytes parameters;
    bool has_any = false;
    while (fc_ws_extension_next(&list, &name, &parameters)) {
        struct fc_ws_parameter parameter;
        enum fc_ws_parameter_step step;
        do {
            step = fc_ws_parameter_next(&parameters, &parameter);
        } while (step == FC_WS_PARAMETER);
        if (step == FC_WS_PARAMETER_BAD || !fc_http_is_token(name)) {
            return false;
        }
        has_any = true;
    }
    return has_any;
}

bool fc_ws_extensions_are_valid(const struct fc_http_header *headers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fc_http_equals_nocase(headers[i].name, "Sec-WebSocket-Extensions") &&
            !is_valid(headers[i].value)) {
            return false;
        }
    }
    return true;
}
