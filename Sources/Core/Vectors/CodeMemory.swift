import CDistillKernels
#if canImport(Glibc)
  import Glibc
#endif

/// The memory of codes and scales, which never changes once it is filled. `Sendable` is unchecked because of the pointers.
final class CodeMemory: @unchecked Sendable {
  let count: Int
  /// The bytes of a row: a multiple of a cache line.
  let stride: Int
  let codes: UnsafeMutablePointer<UInt8>
  let scales: UnsafeMutablePointer<Float>
  /// Half the square of each row's length, where similarities need it.
  let halves: UnsafeMutablePointer<Float>?
  /// What the memory belongs to, if it is that of something else.
  private let owner: AnyObject?

  /// Creates memory for codes, which are 0 where nothing is written, with whole groups of rows, as the kernels read them.
  init(count: Int, width: Int, hasHalves: Bool) {
    self.count = count
    stride = Self.stride(width)
    let rows = (count + Int(DISTILL_ROWS) - 1) / Int(DISTILL_ROWS) * Int(DISTILL_ROWS)
    // Searches jump about in the codes, so that large pages save much of the time of finding them. Where there are none, nothing
    // happens.
    let page = 1 << 21
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, rows * stride), alignment: rows * stride > 2 * page ? page : 64)
    #if canImport(Glibc)
      if rows * stride > 2 * page { madvise(bytes, rows * stride / page * page, MADV_HUGEPAGE) }
    #endif
    codes = bytes.bindMemory(to: UInt8.self, capacity: rows * stride)
    codes.update(repeating: 128, count: rows * stride)
    scales = .allocate(capacity: rows)
    scales.update(repeating: 0, count: rows)
    halves = hasHalves ? .allocate(capacity: rows) : nil
    owner = nil
  }

  /// Takes memory of something else, which is only read.
  init(_ pages: PagedVectors.Pages, width: Int) {
    (count, owner) = (pages.codes.count, pages)
    stride = Self.stride(width)
    (codes, scales, halves) = (pages.codes.elements, pages.scales.elements, pages.halves?.elements)
  }

  static func stride(_ width: Int) -> Int { max(64, (width + 63) / 64 * 64) }

  deinit {
    guard owner == nil else { return }
    UnsafeMutableRawPointer(codes).deallocate()
    scales.deallocate()
    halves?.deallocate()
  }
}
