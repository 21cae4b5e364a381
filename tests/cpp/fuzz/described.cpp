#include "fuzz/described.hpp"

#include <algorithm>

#include "float_settings.hpp"
#include "fuzz/bytes.hpp"
#include "inputs.hpp"
#include "limits.hpp"
#include "operations.hpp"

namespace simdnorm::test {
namespace {

/// Mostly a few, at times around a pack, a chunk or several.
Index size(Bytes& bytes) {
  constexpr Index odd[] = {0, 15, 16, 17, 31, 33, 47, 63, 64, 65, 127, 130, 257, 1023, 1024, 1025};
  const std::uint8_t b = bytes.byte();
  return b < 192 ? 1 + b % 8 : odd[b % std::size(odd)];
}

/// Until the product is at most `most` the largest becomes smaller. Parameters and statistics have sizes even where
/// another axis is empty.
template <std::size_t n>
void shrink(Index (&sizes)[n], Index most) {
  const auto product = [&] {
    Index result = 1;
    for (const Index s : sizes) result *= std::max(s, Index{1});
    return result;
  };
  while (product() > most) *std::max_element(std::begin(sizes), std::end(sizes)) /= 2;
}

MaskRule mask(Bytes& bytes) {
  const std::uint64_t seed = bytes.byte(), run = std::uint64_t{1} + bytes.byte() % 64;
  const double counting = bytes.byte() / 128.0 - 1;  // of the numbers in [-1, 1)
  return {"by rule",
          {nullptr, bytes.bit(), bytes.bit(), bytes.bit(), bytes.bit()},
          [=](Index n, Index o, Index c, Index i) {
            const auto place = static_cast<std::uint64_t>((n * 1031 + o) * 1033 + c) * 4099;
            return random_number(seed, place + static_cast<std::uint64_t>(i) / run) <= counting;
          }};
}

Index divisor(Index n, std::uint8_t wish) {
  Index result = std::min(n, Index{1} + wish % 64);
  while (n > 0 && n % result != 0) --result;
  return std::max(result, Index{1});
}

Shape shape(Bytes& bytes, const Operation& operation, bool large) {
  constexpr Index limits[] = {60, 60, 200, 600};
  const Index most = large ? kLimits.fork / 6 : bytes.choice(limits);
  Index sizes[5] = {};
  for (Index& s : sizes) s = size(bytes);
  if (operation.by_channel()) {
    sizes[4] = 1;
    shrink(sizes, most);
    const ChannelLayout layout = {sizes[0], sizes[1], sizes[2], sizes[3]};
    const Index groups = operation.family == Family::groups ? divisor(layout.channels, bytes.byte()) : 1;
    return {layout, groups, operation.masked() && bytes.one_of(3) ? mask(bytes) : MaskRule{}};
  }
  if (operation.family == Family::trailing_rows || bytes.bit()) sizes[1] = sizes[2] = sizes[4] = 1;
  shrink(sizes, most);
  return RowLayout{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]};
}

/// Means, spreads and single values that are harder than others.
void choose_values(Bytes& bytes, Problem& problem) {
  constexpr double centers[] = {0.5, 0, 1e3, -1e8, 1e30, 3e38}, spreads[] = {1, 0, 1e-3, 1e-40, 1e30, 1e300};
  constexpr double hard[] = {0,
                             -0.0,
                             1e-40,
                             1e-310,
                             65504,
                             3e38,
                             1e300,
                             std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()};
  if (bytes.bit()) problem.center = bytes.choice(centers), problem.spread = bytes.choice(spreads);
  if (!bytes.one_of(4)) return;
  const double value = bytes.choice(hard);
  const Index place = bytes.byte(), period = 1 + bytes.byte();
  problem.change = [=](Index e, double usual) { return e % period == place % period ? value : usual; };
}

void choose_options(Bytes& bytes, Problem& problem) {
  constexpr double epsilons[] = {1e-5, 0, 1e-300, 1, 1e300}, momenta[] = {0.3, 0, 1};
  problem.weighted = !bytes.one_of(4), problem.biased = !bytes.one_of(4), problem.unbiased = bytes.bit();
  problem.eps = bytes.choice(epsilons), problem.momentum = bytes.choice(momenta);
}

/// What the operation is told and must refuse; null where it takes no such thing.
std::function<void(Problem&)> spoiler(Bytes& bytes, const Operation& operation) {
  constexpr double no_eps[] = {-1e-5, std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()};
  constexpr double no_momentum[] = {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()};
  constexpr Index no_size[] = {-1, std::numeric_limits<Index>::min(), Index{1} << 57,
                               std::numeric_limits<Index>::max()};
  const std::uint8_t what = bytes.byte() % 4, axis = bytes.byte();
  if (what == 1 && (operation.has("forward") || operation.has("inference"))) {
    return [eps = bytes.choice(no_eps)](Problem& told) { told.eps = eps; };
  }
  if (what == 2 && operation.needs_two()) {
    return [momentum = bytes.choice(no_momentum)](Problem& told) { told.momentum = momentum; };
  }
  if (what == 3 && operation.family == Family::groups) {
    return [beyond = bytes.bit()](Problem& told) { told.shape.groups = beyond ? told.shape.channels.channels + 1 : 0; };
  }
  const Index size = bytes.choice(no_size);
  if (operation.by_channel()) {
    constexpr Index ChannelLayout::* axes[] = {&ChannelLayout::samples, &ChannelLayout::outer, &ChannelLayout::channels,
                                               &ChannelLayout::inner};
    return [=](Problem& told) { told.shape.channels.*axes[axis % 4] = size; };
  }
  constexpr Index RowLayout::* axes[] = {&RowLayout::outer, &RowLayout::segments, &RowLayout::middle,
                                         &RowLayout::length, &RowLayout::inner};
  return [=](Problem& told) { told.shape.rows.*axes[axis % 5] = size; };
}

Manner manner(Bytes& bytes, const Problem& problem, bool large) {
  constexpr const char* arrays[] = {
      "x", "dy",     "residual", "dsummed", "weight", "bias",   "mean",        "rstd",         "count",      "m2",
      "y", "summed", "dx",       "dweight", "dbias",  "sum_dy", "sum_dy_xhat", "running_mean", "running_var"};
  constexpr std::uint64_t settings[] = {0, FloatSettings::kUpward, FloatSettings::kFlush};
  constexpr Guard guards[] = {Guard::none, Guard::none, Guard::before, Guard::after};
  Manner result = {.offset = bytes.byte() % 19, .over = bytes.byte() % 4, .settings = bytes.choice(settings)};
  const Guard guard = bytes.choice(guards);
  if (!large) result.guard = guard;  // there is no room for so much
  for (int without = bytes.one_of(2) ? bytes.byte() % 4 : 0; without > 0; --without) {
    result.without.insert(bytes.choice(arrays));
  }
  if (bytes.one_of(8)) result.spoil = spoiler(bytes, *problem.operation);
  result.before = true;
  return result;
}

}  // namespace

std::string Described::title() const {
  std::string result = problem.title() + " eps " + std::to_string(problem.eps) + " on " + label(isa) + " (and " +
                       label(other) + ") with " + std::to_string(threads) + " threads, offset " +
                       std::to_string(manner.offset) + ", over " + std::to_string(manner.over) +
                       (manner.settings ? ", other float settings" : "") + (manner.spoil ? ", told otherwise" : "");
  for (const std::string& name : manner.without) result += ", without " + name;
  return result;
}

Described describe(std::span<const std::uint8_t> given) {
  Bytes bytes(given);
  const Operation& operation = bytes.choice(operations());
  const Types& types = bytes.choice(kTypes);
  static const std::vector<Isa> isas = available_isas(), fused = fused_isas();
  const Isa isa = bytes.choice(isas);
  const std::uint8_t wish = bytes.byte();
  const Isa other = isa == Isa::portable ? isa : fused[wish % fused.size()];
  const int threads = 1 + bytes.byte() % 4;
  const bool large = bytes.one_of(256);  // enough for several threads
  Problem problem = {.operation = &operation, .shape = shape(bytes, operation, large), .types = types};
  choose_options(bytes, problem);
  choose_values(bytes, problem);
  Manner chosen = manner(bytes, problem, large);
  return {std::move(problem), std::move(chosen), isa, other, threads};
}

}  // namespace simdnorm::test
