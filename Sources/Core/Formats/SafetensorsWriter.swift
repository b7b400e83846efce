import Foundation

/// A writer of safetensors files, which asks for the elements of one tensor at a time.
///
///     var writer = SafetensorsWriter()
///     writer.add("embeddings.weight", shape: [vocabulary, width]) { weight }
///     try writer.write(to: url)
///
/// The file is written atomically (see ``AtomicFile``). Tensors of wider elements come first, so that every one is aligned, and those
/// of equal width in the order in which they were added.
public struct SafetensorsWriter {
  private struct Tensor {
    let name: String
    let dtype: DType
    let shape: [Int]
    /// Appends the elements to a file.
    let append: (borrowing OpenFile, inout Checksum?, URL) throws -> Void
  }
  private var tensors: [Tensor] = []
  private let metadata: [String: String]
  private let isSealed: Bool

  /// Creates a writer without tensors.
  ///
  /// - Parameter metadata: The contents of `__metadata__`. `transformers` refuses files whose metadata have no `format`.
  public init(metadata: [String: String] = ["format": "pt"]) { self.init(metadata: metadata, sealed: false) }

  /// Creates a writer whose metadata, if `sealed`, contain a checksum of the whole file for `SafetensorsReader.checkSeal()`.
  package init(metadata: [String: String], sealed: Bool) {
    self.metadata = sealed ? metadata.merging([SafetensorsSeal.key: SafetensorsSeal.blank]) { $1 } : metadata
    isSealed = sealed
  }

  /// Adds a tensor of type F32. `floats` is called when the file is written and returns the elements in row-major order.
  public mutating func add(_ name: String, shape: [Int], floats: @escaping () throws -> [Float]) {
    add(name, .f32, shape: shape, elements: floats)
  }

  /// Adds a tensor of type I64. `integers` is called when the file is written and returns the elements in row-major order.
  public mutating func add(_ name: String, shape: [Int], integers: @escaping () throws -> [Int64]) {
    add(name, .i64, shape: shape, elements: integers)
  }

  /// Adds a tensor of any type. `elements` is called when the file is written and returns the elements in row-major order.
  ///
  /// - Precondition: An element of the type takes as many bytes as one of those that are returned.
  public mutating func add<Element: BitwiseCopyable>(
    _ name: String, _ dtype: DType, shape: [Int], elements: @escaping () throws -> [Element]
  ) {
    precondition(dtype.size == MemoryLayout<Element>.size, "\(Element.self) for \(dtype)")
    tensors.append(
      Tensor(name: name, dtype: dtype, shape: shape) { file, checksum, url in
        let elements = try Self.checked(elements(), of: name, expected: shape.reduce(1, *), url)
        try Self.append(elements, to: file, &checksum)
      })
  }

  /// Writes the file.
  ///
  /// - Throws: Any error of the closures that supply the elements, and ``FormatError`` if a name is reserved or used twice, if
  ///   a shape does not match its elements, or if the file cannot be written. An existing file is then left as it was.
  public func write(to url: URL) throws {
    let ordered = [8, 4, 2, 1].flatMap { size in tensors.filter { $0.dtype.size == size } }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }

    var members = metadata.isEmpty ? [] : ["\"__metadata__\":" + (try json(metadata))]
    var names: Set = ["__metadata__"]
    var offset = 0
    for tensor in ordered {
      let (name, dtype, shape) = (tensor.name, tensor.dtype, tensor.shape)
      guard names.insert(name).inserted else { throw FormatError(file: url, "cannot hold '\(name)' twice") }
      guard let info = TensorInfo(dtype: dtype, shape: shape) else {
        throw FormatError(file: url, "cannot hold '\(name)': its shape \(shape) is impossible")
      }
      let (end, overflow) = offset.addingReportingOverflow(info.byteCount)
      if overflow { throw FormatError(file: url, "cannot hold '\(name)': all shapes together are impossible") }
      members.append(
        "\(try json(name)):{\"dtype\":\"\(dtype.rawValue)\",\"shape\":\(try json(shape)),\"data_offsets\":[\(offset),\(end)]}"
      )
      offset = end
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    // Spaces at the end of the header align the data to 8 bytes.
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)

    var checksum = isSealed ? Checksum() : nil
    try AtomicFile.write(to: url) { file in
      try Self.append([UInt64(header.count).littleEndian], to: file, &checksum)
      try Self.append(header, to: file, &checksum)
      for tensor in ordered { try tensor.append(file, &checksum, url) }
      if let digest = checksum?.hexDigest, let place = SafetensorsSeal.place(in: header) {
        try file.write(Array(digest.utf8).span.bytes, at: 8 + place.lowerBound)
      }
    }
  }

  private static func append(
    _ elements: [some BitwiseCopyable], to file: borrowing OpenFile, _ checksum: inout Checksum?
  ) throws {
    try file.write(elements.span.bytes)
    checksum?.update(elements.span.bytes)
  }

  private static func checked<Element>(_ elements: [Element], of name: String, expected count: Int, _ url: URL) throws
    -> [Element]
  {
    guard elements.count == count else {
      throw FormatError(
        file: url, "cannot hold '\(name)': its shape asks for \(count) elements, \(elements.count) came")
    }
    return elements
  }
}
