// Shapes for each way that data can lie, and the problems that they make with every operation and type.
#pragma once

#include "isas.hpp"
#include "operations.hpp"

namespace simdnorm::test {

/// One operation, or every one, in every type on each shape that it takes.
std::vector<Problem> problems(const Operation& operation, const std::vector<Shape>& shapes);
std::vector<Problem> problems(const std::vector<Shape>& shapes);

/// Masks as they occur: the lengths of sequences, the pixels of each image or of all, and any element.
std::vector<MaskRule> masks(const ChannelLayout& layout);

/// Makes each problem, and visits it on each ISA.
template <class F>
void on_each_isa(const std::vector<Problem>& problems, const std::vector<Isa>& isas, F visit) {
  for (const Problem& problem : problems) {
    const Trial trial(problem);
    for (const Isa isa : isas) {
      INFO(problem.title(), " on ", label(isa));
      const Setting setting(isa);
      visit(trial);
    }
  }
}

/// A shape for each way of the data, long and short, few and many, with every mask.
std::vector<Shape> shapes();

/// Large enough for several threads in every type, and for more blocks of rows than 32 of the least size.
std::vector<Shape> shared_shapes();

/// `length` elements side by side: alone, and among other axes.
std::vector<Shape> shapes_of_length(Index length);

/// Sizes around what the kernels are made of: packs of 8 or 16 lanes, chunks of 1024.
std::vector<Index> lengths(const Types& types);

}  // namespace simdnorm::test
