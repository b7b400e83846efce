import CLibYAML

/// A position of libyaml. Lines and columns start at 0, and columns count code points.
struct YAMLMark {
  let line: Int
  let column: Int

  init(_ mark: yaml_mark_t) {
    line = Int(mark.line)
    column = Int(mark.column)
  }
}

/// An event of libyaml's parser, copied into Swift values.
struct YAMLEvent {
  enum Kind {
    case streamStart, streamEnd, documentEnd, sequenceStart, sequenceEnd, mappingEnd
    case documentStart(hasDirectives: Bool)
    case alias(String)
    case scalar(String, isPlain: Bool)
    case mappingStart(isFlow: Bool)
  }

  let kind: Kind
  let anchor: String?
  let hasTag: Bool
  let start: YAMLMark
  let end: YAMLMark
}

/// The place and the reason of a syntax error.
struct YAMLSyntaxError: Error {
  enum Place {
    case mark(YAMLMark)
    case byte(Int)
  }
  let problem: String
  let context: String?
  let place: Place
  /// The beginning of the construct that has no end, or `nil`.
  var opening: YAMLMark?
}

/// The events that libyaml reports for a text. This is the only code of this module that uses pointers.
struct YAMLEvents: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeMutableBufferPointer<UInt8>

  init(_ text: String) {
    let utf8 = text.utf8
    // libyaml keeps pointers to the bytes and the parser while it parses, so neither may move.
    bytes = .allocate(capacity: utf8.count)
    _ = bytes.initialize(from: utf8)
    parser = .allocate(capacity: 1)
    precondition(yaml_parser_initialize(parser) == 1, "out of memory")
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    bytes.deallocate()
  }

  /// Returns the next event.
  ///
  /// - Throws: The first syntax error. Parsing cannot continue after it.
  mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw failure }
    defer { yaml_event_delete(&event) }
    var anchor: UnsafeMutablePointer<UInt8>?
    var tag: UnsafeMutablePointer<UInt8>?
    let kind: YAMLEvent.Kind
    switch event.type {
    case YAML_STREAM_START_EVENT: kind = .streamStart
    case YAML_DOCUMENT_START_EVENT:
      let start = event.data.document_start
      kind = .documentStart(
        hasDirectives: start.version_directive != nil || start.tag_directives.start != start.tag_directives.end)
    case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
    case YAML_ALIAS_EVENT: kind = .alias(String(cString: event.data.alias.anchor))
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      (anchor, tag) = (scalar.anchor, scalar.tag)
      // The length is used because a quoted scalar may contain NUL.
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      kind = .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      (anchor, tag) = (start.anchor, start.tag)
      kind = .sequenceStart
    case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      (anchor, tag) = (start.anchor, start.tag)
      kind = .mappingStart(isFlow: start.style == YAML_FLOW_MAPPING_STYLE)
    case YAML_MAPPING_END_EVENT: kind = .mappingEnd
    default: kind = .streamEnd
    }
    return YAMLEvent(
      kind: kind, anchor: anchor.map { String(cString: $0) }, hasTag: tag != nil, start: YAMLMark(event.start_mark),
      end: YAMLMark(event.end_mark))
  }

  private var failure: YAMLSyntaxError {
    let error = parser.pointee
    var failure = YAMLSyntaxError(
      problem: error.problem.map { String(cString: $0) } ?? "out of memory",
      context: error.context.map { String(cString: $0) },
      // The reader works on bytes before they are decoded, so its errors have an offset instead of a mark.
      place: error.error == YAML_READER_ERROR
        ? .byte(Int(error.problem_offset)) : .mark(YAMLMark(error.problem_mark)))
    if error.context != nil { failure.opening = YAMLMark(error.context_mark) }
    return failure
  }
}
