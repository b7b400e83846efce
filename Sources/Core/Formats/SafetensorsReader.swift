import Foundation

#if _endian(big)
  #error("safetensors are little-endian, and are copied as they are")
#endif

/// A reader of safetensors files, which reads one tensor at a time.
///
/// The whole header is checked when the file is opened: sizes, element types, shapes, and that the tensors fill the rest of the
/// file without gaps. The data is read and not mapped into memory. If another process shortens the file later, a call throws an
/// error, whereas an access to mapped memory would end the process. Several threads may use one reader at the same time.
///
/// The format is described at https://github.com/huggingface/safetensors.
public final class SafetensorsReader: Sendable {
  public let url: URL
  private let file: OpenFile
  private let header: SafetensorsHeader
  private let dataStart: Int

  /// The names of the tensors in the order of their data.
  public var names: [String] { header.names }
  /// The element type and the shape of each tensor.
  public var tensors: [String: TensorInfo] { header.tensors }
  /// The header's `__metadata__`, which is empty if the file has none.
  public var metadata: [String: String] { header.metadata }

  /// The longest header that is accepted, in bytes.
  ///
  /// A header of 10,000 tensors takes about a megabyte. The limit of the format itself is four times this one.
  static let headerLimit = 25_000_000

  /// Opens a file and checks its header.
  ///
  /// - Throws: ``FormatError`` if the file cannot be read or is not a complete safetensors file.
  public init(_ url: URL) throws {
    self.url = url
    file = try OpenFile(url, O_RDONLY | O_NONBLOCK)
    let size = try file.size()
    let head = try file.bytes(at: 0, count: min(size, 64))
    let length = head.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard size >= 9, head[8] == UInt8(ascii: "{"), length <= Self.headerLimit, length <= size - 8 else {
      throw FormatError(file: url, FileGuess.message(head: head, size: size, headerLength: length))
    }
    dataStart = 8 + Int(length)
    do {
      header = try SafetensorsHeader(file.bytes(at: 8, count: Int(length)))
    } catch let refusal as SafetensorsHeader.Refusal {
      throw FormatError(file: url, "\(refusal.message); the file is damaged, fetch or write it again")
    }
    let (expected, overflow) = dataStart.addingReportingOverflow(header.dataSize)
    guard expected == size, !overflow else {
      let what = size < expected || overflow ? "is truncated" : "has bytes after the last tensor"
      throw FormatError(
        file: url, "\(what): \(overflow ? Int.max : expected) bytes expected, \(size) found; fetch or write it again")
    }
  }

  func headerBytes() throws -> [UInt8] { try file.bytes(at: 8, count: dataStart - 8) }

  /// Returns the checksum that the file would have with other bytes at one position of its header.
  func checksum(replacing place: Int, with bytes: [UInt8]) throws -> String {
    var checksum = Checksum()
    var head = try file.bytes(at: 0, count: dataStart)
    head.replaceSubrange(place..<place + bytes.count, with: bytes)
    checksum.update(head)
    for offset in stride(from: dataStart, to: dataStart + header.dataSize, by: 1 << 20) {
      checksum.update(try file.bytes(at: offset, count: min(1 << 20, dataStart + header.dataSize - offset)))
    }
    return checksum.hexDigest
  }

  /// Returns all elements of a tensor of type F32, F16, BF16 or F64, in row-major order. F64 is rounded to the nearest `Float`.
  ///
  /// - Throws: ``FormatError`` if there is no such tensor, if it has another type, or if it cannot be read.
  public func floats(named name: String) throws -> [Float] {
    let count = try info(name).count
    return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try floats(named: name, into: UnsafeMutableBufferPointer(rebasing: buffer.prefix(count)))
      initialized = count
    }
  }

  /// Reads a tensor like ``floats(named:)``, into memory for exactly the tensor's `count` elements.
  ///
  /// The contents of `out` are unspecified if the call throws.
  package func floats(named name: String, into out: UnsafeMutableBufferPointer<Float>) throws {
    let info = try info(name)
    precondition(out.count == info.count, "'\(name)' has \(info.count) elements, the buffer \(out.count)")
    switch info.dtype {
    case .f32: try file.read(into: UnsafeMutableRawBufferPointer(out), at: start(name))
    case .f16: try read(name, into: out) { Float(halfBits: $0) }
    case .bf16: try read(name, into: out) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
    case .f64: try read(name, into: out) { (value: Double) in Float(value) }
    default: throw wrongType(name, info, wanted: "F32, F16, BF16 or F64")
    }
  }

  /// Returns the elements of a tensor of type F32 in a range of its row-major order. Throws like ``floats(named:)``.
  package func floats(named name: String, _ range: Range<Int>) throws -> [Float] {
    let info = try info(name)
    precondition(
      range.lowerBound >= 0 && range.upperBound <= info.count, "elements \(range) of the \(info.count) of '\(name)'")
    guard info.dtype == .f32 else { throw wrongType(name, info, wanted: "F32") }
    return try [Float](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      let out = UnsafeMutableBufferPointer(rebasing: buffer.prefix(range.count))
      try file.read(into: UnsafeMutableRawBufferPointer(out), at: start(name) + range.lowerBound * 4)
      initialized = range.count
    }
  }

  /// Returns all elements of a tensor of type I64, I32 or U8, in row-major order. Throws like ``floats(named:)``.
  public func integers(named name: String) throws -> [Int64] {
    let info = try info(name)
    return try [Int64](unsafeUninitializedCapacity: info.count) { buffer, initialized in
      let out = UnsafeMutableBufferPointer(rebasing: buffer.prefix(info.count))
      switch info.dtype {
      case .i64: try file.read(into: UnsafeMutableRawBufferPointer(out), at: start(name))
      case .i32: try read(name, into: out) { (value: Int32) in Int64(value) }
      case .u8: try read(name, into: out) { (value: UInt8) in Int64(value) }
      default: throw wrongType(name, info, wanted: "I64, I32 or U8")
      }
      initialized = info.count
    }
  }

  /// Fills `bytes` with those of a tensor from `offset` on, as they are stored.
  func read(_ name: String, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    let info = try info(name)
    precondition(
      offset >= 0 && offset + bytes.count <= info.byteCount, "\(bytes.count) bytes from \(offset) of '\(name)'")
    try file.read(into: bytes, at: start(name) + offset)
  }

  /// Reads and converts a tensor in pieces, so that the whole tensor is never in memory in its stored form.
  private func read<Stored: BitwiseCopyable, Value>(
    _ name: String, into out: UnsafeMutableBufferPointer<Value>, _ convert: (Stored) -> Value
  ) throws {
    let start = start(name)
    let stride = MemoryLayout<Stored>.stride
    try withUnsafeTemporaryAllocation(of: Stored.self, capacity: min(out.count, 16_384)) { piece in
      var done = 0
      while done < out.count {
        let part = UnsafeMutableBufferPointer(rebasing: piece.prefix(out.count - done))
        try file.read(into: UnsafeMutableRawBufferPointer(part), at: start + done * stride)
        for (i, value) in part.enumerated() { out.initializeElement(at: done + i, to: convert(value)) }
        done += part.count
      }
    }
  }

  private func start(_ name: String) -> Int { dataStart + (header.offsets[name] ?? 0) }

  private func info(_ name: String) throws -> TensorInfo {
    guard let info = tensors[name] else {
      let some = names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
      throw FormatError(
        file: url, "has no tensor '\(name)'; it has \(names.count): \(some)\(names.count > 5 ? ", …" : "")")
    }
    return info
  }

  private func wrongType(_ name: String, _ info: TensorInfo, wanted: String) -> FormatError {
    FormatError(file: url, "tensor '\(name)' is \(info.dtype.rawValue), where \(wanted) is wanted")
  }
}

extension Float {
  /// Creates the value of an IEEE 754 half-precision number, which `Float` always represents exactly.
  ///
  /// `Float16` would do the same but does not exist on every platform.
  init(halfBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits & 0x7c00) >> 10
    let fraction = UInt32(bits & 0x03ff)
    switch exponent {
    case 0: self = Float(bitPattern: sign | (Float(fraction) * 0x1p-24).bitPattern)
    case 31: self = Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
    default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
