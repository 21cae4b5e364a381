// The whole public API of simdnorm. It knows no Python.
#pragma once

#include "simdnorm/batch_norm.hpp"
#include "simdnorm/group_norm.hpp"
#include "simdnorm/layer_norm.hpp"
#include "simdnorm/rms_norm.hpp"
#include "simdnorm/runtime.hpp"
#include "simdnorm/types.hpp"
#include "simdnorm/version.h"
