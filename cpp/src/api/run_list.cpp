#include "api/lists.hpp"

#include <algorithm>
#include <cstring>

namespace simdnorm {
namespace {

/// Where the values stop being `value`, eight at a time.
Index end_of(const std::uint8_t* values, Index from, Index length, bool value) {
  constexpr Index word = sizeof(std::uint64_t);
  const std::uint64_t same = value ? 0x0101010101010101U : 0U;
  std::uint64_t eight;
  for (; from + word <= length; from += word) {
    std::memcpy(&eight, values + from, word);
    if (eight != same) break;
  }
  while (from < length && (values[from] != 0) == value) ++from;
  return from;
}

/// take(run, counts) for what counts and what does not, in order.
template <class Take>
void for_runs(const std::uint8_t* values, bool along, Index length, Take take) {
  for (Index begin = 0; begin < length;) {
    const bool counts = values[along ? begin : 0] != 0;
    const Index end = along ? end_of(values, begin, length, counts) : length;
    take(Run{begin, end - begin}, counts);
    begin = end;
  }
}

/// Runs and chunks of one list, counted or written: the rule of chunks_of(), for segments of any length.
template <class T>
class ListWriter {
 public:
  ListWriter(Run* runs_out, Run* gaps_out) : runs_(runs_out), gaps_(gaps_out) {}

  void take(Run run, bool counts) {
    if (!counts) {
      if (gaps_) gaps_[gaps] = run;
      ++gaps;
    } else if (run.length < kChunk<T>) {
      take_short(run);
    } else {
      close();
      for (Index done = 0; done < run.length; done += kChunk<T>) {
        append({run.offset + done, smaller(kChunk<T>, run.length - done)});
        close();
      }
    }
  }

  /// The runs since the last chunk become one.
  void close() {
    if (open_.runs == 0) return;
    if (chunks_) chunks_[chunks] = open_;
    ++chunks;
    open_ = {runs, 0, 0};
    additions_ = 0;
  }

  /// A new list begins.
  void next_list(RunChunk* chunks_of_list) {
    chunks_ = chunks_of_list;
    chunks = 0;
    count = 0;
  }

  Index runs = 0, chunks = 0, gaps = 0;
  Index count = 0;  // elements of the list

 private:
  void take_short(Run run) {
    const Index additions = additions_of<T>(run.length);
    if (additions_ + additions > kAdditions) close();
    additions_ += additions;
    append(run);
  }
  void append(Run run) {
    if (runs_) runs_[runs] = run;
    ++runs;
    ++open_.runs;
    open_.count += run.length;
    count += run.length;
  }

  Run* runs_;
  Run* gaps_;
  RunChunk* chunks_ = nullptr;
  RunChunk open_ = {0, 0, 0};
  Index additions_ = 0;
};

/// The items that a mask tells apart: a list for each.
struct Lists {
  const ChannelLayout& layout;
  const Mask& mask;
  Index samples, channels;  // channels: with lists of their own

  Index count() const { return samples * channels; }
  template <class T>
  void write(ListWriter<T>& writer, Index list) const {
    const MaskView view(layout, mask);
    const Index segments = layout.samples * layout.outer / samples, stride = layout.channels * layout.inner;
    for (Index s = 0; s < segments; ++s) {
      const std::uint8_t* values = view.at(layout, list / channels * segments + s, list % channels);
      for_runs(values, mask.along_inner, layout.inner,
               [&](Run run, bool counts) { writer.take({s * stride + run.offset, run.length}, counts); });
    }
    writer.close();
  }
};

}  // namespace

template <class T>
const RunList* masked_runs(const ChannelLayout& layout, Index samples, const Mask& mask, Scratch& scratch) {
  const Lists lists = {layout, mask, samples, mask.along_channels ? layout.channels : 1};
  ListWriter<T> counted(nullptr, nullptr);
  Index per_item = 1;
  for (Index l = 0; l < lists.count(); ++l) {
    counted.next_list(nullptr);
    lists.write(counted, l);
    per_item = larger(per_item, counted.chunks);
  }
  if (counted.gaps == 0) return nullptr;

  Run* runs = scratch.take<Run>(counted.runs);
  Run* gaps = scratch.take<Run>(counted.gaps);
  RunChunk* chunks = scratch.take<RunChunk>(lists.count() * per_item);
  Index* counts = scratch.take<Index>(lists.count());
  Index* gaps_begin = scratch.take<Index>(lists.count() + 1);
  std::fill_n(chunks, lists.count() * per_item, RunChunk{0, 0, 0});
  ListWriter<T> writer(runs, gaps);
  gaps_begin[0] = 0;
  for (Index l = 0; l < lists.count(); ++l) {
    writer.next_list(chunks + l * per_item);
    lists.write(writer, l);
    counts[l] = writer.count;
    gaps_begin[l + 1] = writer.gaps;
  }
  RunList* list = scratch.take<RunList>(1);
  *list = {layout.channels / lists.channels, per_item, runs, chunks, counts, gaps, gaps_begin};
  return list;
}

template const RunList* masked_runs<float>(const ChannelLayout&, Index, const Mask&, Scratch&);
template const RunList* masked_runs<double>(const ChannelLayout&, Index, const Mask&, Scratch&);

}  // namespace simdnorm
