extension String {
  /// Returns this text with control characters and line separators written as escapes, such as `\t`, `\n` and `\u{1B}`.
  ///
  /// Text from files could otherwise break the lines of an output or send commands to the terminal.
  /// - Parameter lines: Whether line feeds are kept.
  package func escapingControls(except lines: Bool = false) -> String {
    unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator:
        text += lines && scalar == "\n" ? "\n" : scalar.escaped(asASCII: true)
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
