import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A tensor in a file, as records of equal size, of which a page is read and checked when one of its records is first needed.
///
/// The memory is the process's own and not a mapping of the file: what was read stays as it was checked, whatever happens to the file, and
/// a file that another process shortens is an error, where an access to mapped memory would end this process.
///
/// Several threads may use the same pages at the same time. `Sendable` is unchecked because of the pointers: a page is written once, under a
/// lock, and read by others only after its flag was set.
public final class FilePages<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  /// The elements of a record.
  public let width: Int
  /// The number of records.
  public let count: Int
  /// The memory of all records, of which only those may be read that ``need(_:)`` was called for.
  @usableFromInline package let elements: UnsafeMutablePointer<Element>

  @usableFromInline let shift: Int
  @usableFromInline let isRead: UnsafeMutablePointer<Atomic<Bool>>
  private let reading = Mutex(())
  private let reader: SafetensorsReader
  private let name: String
  private let checksums: [Int64]
  private let isValid: @Sendable (Span<Element>) -> Bool

  /// - Parameters:
  ///   - reader: The file.
  ///   - name: The name of the tensor.
  ///   - width: The elements of a record, at least 1.
  ///   - checksums: What ``checksums(of:width:)`` returned when the file was written, and what follows it. Those of this tensor are
  ///     removed.
  ///   - isDense: Whether most records will be needed, one here and one there, so that large pages of memory save much of the time of
  ///     finding them.
  ///   - isValid: Returns whether the records of a page are as they have to be.
  /// - Throws: ``FormatError`` if there is no such tensor, or if it does not consist of such records with checksums.
  public init(
    _ reader: SafetensorsReader, _ name: String, width: Int = 1, checksums: inout ArraySlice<Int64>,
    isDense: Bool = false,
    isValid: @escaping @Sendable (Span<Element>) -> Bool = { _ in true }
  ) throws {
    guard let info = reader.tensors[name] else { throw FormatError(file: reader.url, "has no tensor '\(name)'") }
    guard width > 0, info.dtype.size == MemoryLayout<Element>.size, info.count % width == 0 else {
      throw FormatError(
        file: reader.url,
        "tensor '\(name)' does not consist of records of \(width) times \(MemoryLayout<Element>.size) bytes")
    }
    (self.width, count, shift) = (width, info.count / width, Self.shift(width))
    let pages = (count + (1 << shift) - 1) >> shift
    guard checksums.count >= pages else { throw FormatError(file: reader.url, "has too few checksums") }
    self.checksums = Array(checksums.prefix(pages))
    checksums = checksums.dropFirst(pages)
    // Pages that are not written to take no memory.
    let large = 1 << 21
    let isLarge = isDense && info.byteCount > 2 * large
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(1, info.byteCount), alignment: isLarge ? large : 64)
    #if canImport(Glibc)
      if isLarge { madvise(bytes, info.byteCount / large * large, MADV_HUGEPAGE) }
    #endif
    elements = bytes.bindMemory(to: Element.self, capacity: info.count)
    isRead = .allocate(capacity: pages)
    for page in 0..<pages { (isRead + page).initialize(to: Atomic(false)) }
    (self.reader, self.name, self.isValid) = (reader, name, isValid)
  }

  deinit {
    UnsafeMutableRawPointer(elements).deallocate()
    isRead.deallocate()
  }

  /// Reads the page of a record, unless that was done before.
  ///
  /// - Throws: ``FormatError`` if it cannot be read or is damaged.
  @inlinable public func need(_ record: Int) throws(FormatError) {
    precondition(record >= 0 && record < count, "no such record")
    if !isRead[record >> shift].load(ordering: .acquiring) { try read(record >> shift) }
  }

  /// Calls `body` with the elements of a record, whose page is read if it has to be.
  ///
  /// - Throws: ``FormatError`` if it cannot be read or is damaged.
  @inlinable public func withRecord<Result>(
    _ record: Int, _ body: (Span<Element>) -> Result
  ) throws(FormatError) -> Result {
    try need(record)
    return body(Span(_unsafeElements: UnsafeBufferPointer(start: elements + record * width, count: width)))
  }

  /// Reads all pages. Throws like ``need(_:)``.
  public func needAll() throws(FormatError) {
    for start in stride(from: 0, to: count, by: 1 << shift) { try need(start) }
  }

  /// Returns the elements of some records, one record after the other. Throws like ``need(_:)``.
  public func elements(of records: Range<Int>) throws(FormatError) -> [Element] {
    precondition(records.lowerBound >= 0 && records.upperBound <= count, "records \(records) of \(count)")
    for start in stride(from: (records.lowerBound >> shift) << shift, to: records.upperBound, by: 1 << shift) {
      try need(start)
    }
    return Array(UnsafeBufferPointer(start: elements + records.lowerBound * width, count: records.count * width))
  }

  @usableFromInline func read(_ page: Int) throws(FormatError) {
    let result = reading.withLock { _ -> Result<Void, FormatError> in
      if isRead[page].load(ordering: .acquiring) { return .success(()) }
      let records = (page << shift)..<min((page + 1) << shift, count)
      let memory = UnsafeMutableBufferPointer(
        start: elements + records.lowerBound * width, count: records.count * width)
      do {
        try reader.read(
          name, into: UnsafeMutableRawBufferPointer(memory), at: records.lowerBound * width * MemoryLayout<Element>.size
        )
      } catch let error as FormatError {
        return .failure(error)
      } catch {
        return .failure(FormatError(file: reader.url, "\(error)"))
      }
      let span = Span(_unsafeElements: memory)
      guard Self.checksum(UnsafeRawBufferPointer(memory)) == checksums[page], isValid(span) else {
        return .failure(FormatError(file: reader.url, "is damaged: page \(page) of '\(name)' is not what was written"))
      }
      isRead[page].store(true, ordering: .releasing)
      return .success(())
    }
    try result.get()
  }

  /// Returns the checksums of the pages of a tensor, each the first 64 bits of a SHA-256.
  ///
  /// - Parameters:
  ///   - elements: The tensor.
  ///   - width: The elements of a record, at least 1.
  public static func checksums(of elements: [Element], width: Int = 1) -> [Int64] {
    let page = width << shift(width)
    return elements.withUnsafeBufferPointer { elements in
      stride(from: 0, to: elements.count, by: page).map { start in
        checksum(
          UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: elements[start..<min(start + page, elements.count)])))
      }
    }
  }

  private static func checksum(_ bytes: UnsafeRawBufferPointer) -> Int64 {
    var checksum = Checksum()
    checksum.update(bytes)
    return Int64(bitPattern: checksum.first64Bits)
  }

  /// A page has 2ⁿ records: as many as 16 KiB hold, and at least one.
  private static func shift(_ width: Int) -> Int {
    let records = 16_384 / (width * MemoryLayout<Element>.size)
    return records < 2 ? 0 : Int.bitWidth - 1 - records.leadingZeroBitCount
  }
}
