import Foundation

#if _endian(big)
  #error("safetensors are little-endian, and are copied as they are")
#endif

/// Reads tensors from a safetensors file, one at a time.
///
/// The header is checked as a whole when the file is opened: sizes, element types, shapes, and that the tensors fill the
/// rest of the file without holes. Data is read, not mapped into memory, so a file that somebody shortens later makes a
/// call throw, not the process die. Calls may come from several threads.
///
/// Format: https://github.com/huggingface/safetensors
public final class SafetensorsReader: Sendable {
  public let url: URL
  private let file: OpenFile
  private let header: SafetensorsHeader
  private let dataStart: Int

  /// Names in the order of the data.
  public var names: [String] { header.names }
  public var tensors: [String: TensorInfo] { header.tensors }
  /// The header's `__metadata__`; empty when there is none.
  public var metadata: [String: String] { header.metadata }

  /// The longest header that is read. One of 10,000 tensors takes a megabyte; the format's own limit is four times this.
  static let headerLimit = 25_000_000

  /// Opens the file and checks its header. Throws `FormatError` when it is not a whole safetensors file.
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

  /// The checksum of the file, with other bytes at one place of its header.
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

  /// All elements of a tensor of type F32, F16, BF16 or F64; the last is rounded to the nearest float.
  ///
  /// Throws `FormatError` when there is no such tensor, it is of another type, or it cannot be read.
  public func floats(named name: String) throws -> [Float] {
    let count = try info(name).count
    return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try floats(named: name, into: UnsafeMutableBufferPointer(rebasing: buffer.prefix(count)))
      initialized = count
    }
  }

  /// Like `floats(named:)`, into memory of exactly the tensor's `count` elements. After an error what it holds is
  /// unspecified.
  public func floats(named name: String, into out: UnsafeMutableBufferPointer<Float>) throws {
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

  /// Some elements of a tensor of type F32. Throws as `floats(named:)` does.
  public func floats(named name: String, _ range: Range<Int>) throws -> [Float] {
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

  /// All elements of a tensor of type I64, I32 or U8. Throws as `floats(named:)` does.
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

  /// Reads a tensor in pieces, so that the unconverted form never lies in memory as a whole.
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
  /// The value of an IEEE 754 half, which is always exact. (`Float16` does not exist on every platform.)
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
