"""Sidecars as other programs write them, by hand from their documentation and from what their users posted."""

from __future__ import annotations

MWG = """xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" """

# digiKam 8, through Exiv2: structures with attributes inside, regions for Microsoft's programs too, lists of its own.
DIGIKAM = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:MP="http://ns.microsoft.com/photo/1.2/"
    xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
    xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    {MWG}
   digiKam:PickLabel="0"
   digiKam:ColorLabel="0">
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>People/Marie Curie</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions
     stDim:w="400"
     stDim:h="300"
     stDim:unit="pixel"/>
    <mwg-rs:RegionList>
     <rdf:Bag>
      <rdf:li>
       <rdf:Description
        mwg-rs:Name="Marie Curie"
        mwg-rs:Type="Face">
       <mwg-rs:Area
        stArea:x="0.3"
        stArea:y="0.4"
        stArea:w="0.2"
        stArea:h="0.2"
        stArea:unit="normalized"/>
       </rdf:Description>
      </rdf:li>
     </rdf:Bag>
    </mwg-rs:RegionList>
   </mwg-rs:Regions>
   <MP:RegionInfo rdf:parseType="Resource">
    <MPRI:Regions>
     <rdf:Bag>
      <rdf:li
       MPReg:Rectangle="0.2, 0.3, 0.2, 0.2"
       MPReg:PersonDisplayName="Marie Curie"/>
     </rdf:Bag>
    </MPRI:Regions>
   </MP:RegionInfo>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Marie Curie</rdf:li>
     <rdf:li>physics</rdf:li>
    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()

# Lightroom Classic: nested descriptions, no unit, a rotation; develop settings as attributes, one of them with a ">" in it.
LIGHTROOM = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000, 0000/00/00-00:00:00        ">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
    {MWG}
   tiff:Orientation="6" crs:Exposure2012="+0.35" crs:Look="a > b">
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions stDim:w="400" stDim:h="300" stDim:unit="pixel"/>
    <mwg-rs:RegionList>
     <rdf:Bag>
      <rdf:li>
       <rdf:Description mwg-rs:Rotation="0.00000" mwg-rs:Name="Marie Curie" mwg-rs:Type="Face">
        <mwg-rs:Area stArea:h="0.20000" stArea:w="0.20000" stArea:x="0.30000" stArea:y="0.40000"/>
       </rdf:Description>
      </rdf:li>
      <rdf:li>
       <rdf:Description mwg-rs:Rotation="0.00000" mwg-rs:Type="Pet" mwg-rs:Name="Rex">
        <mwg-rs:Area stArea:h="0.10000" stArea:w="0.10000" stArea:x="0.80000" stArea:y="0.80000"/>
       </rdf:Description>
      </rdf:li>
     </rdf:Bag>
    </mwg-rs:RegionList>
   </mwg-rs:Regions>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>""".encode()

# immich and PhotoPrism, through ExifTool: resources with elements, a description for each namespace.
EXIFTOOL = f"""<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Image::ExifTool 13.00'>
<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>

 <rdf:Description rdf:about=''
  {MWG}>
  <mwg-rs:Regions rdf:parseType='Resource'>
   <mwg-rs:AppliedToDimensions rdf:parseType='Resource'>
    <stDim:h>300</stDim:h>
    <stDim:unit>pixel</stDim:unit>
    <stDim:w>400</stDim:w>
   </mwg-rs:AppliedToDimensions>
   <mwg-rs:RegionList>
    <rdf:Bag>
     <rdf:li rdf:parseType='Resource'>
      <mwg-rs:Area rdf:parseType='Resource'>
       <stArea:h>0.2</stArea:h>
       <stArea:unit>normalized</stArea:unit>
       <stArea:w>0.2</stArea:w>
       <stArea:x>0.3</stArea:x>
       <stArea:y>0.4</stArea:y>
      </mwg-rs:Area>
      <mwg-rs:Name>Marie Curie</mwg-rs:Name>
      <mwg-rs:Type>Face</mwg-rs:Type>
     </rdf:li>
    </rdf:Bag>
   </mwg-rs:RegionList>
  </mwg-rs:Regions>
 </rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>""".encode()

# Windows Live Photo Gallery.
MICROSOFT = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b" xmlns:MP="http://ns.microsoft.com/photo/1.2/"><MP:RegionInfo>
<rdf:Description xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"><MPRI:Regions><rdf:Bag><rdf:li>
<rdf:Description xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"><MPReg:Rectangle>0.2, 0.3, 0.2, 0.2</MPReg:Rectangle>
<MPReg:PersonDisplayName>Marie Curie</MPReg:PersonDisplayName></rdf:Description></rdf:li></rdf:Bag></MPRI:Regions></rdf:Description>
</MP:RegionInfo></rdf:Description></rdf:RDF></x:xmpmeta>"""

# Attributes alone: what RDF allows, and the XMP toolkit writes with its compact option.
COMPACT = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
rdf:about="" {MWG}><mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="400" stDim:h="300" stDim:unit="pixel"/>
<mwg-rs:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource" mwg-rs:Name="Marie Curie" mwg-rs:Type="Face"><mwg-rs:Area stArea:x="120"
stArea:y="120" stArea:w="80" stArea:h="60" stArea:unit="pixel"/></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description>
</rdf:RDF></x:xmpmeta>""".encode()

# An iPhone: faces that the camera found, without names, with fields of its own.
APPLE = EXIFTOOL.replace(
    b"      <mwg-rs:Name>Marie Curie</mwg-rs:Name>\n",
    b"      <mwg-rs:Extensions rdf:parseType='Resource' xmlns:apple-fi='http://ns.apple.com/faceinfo/1.0/'>\n"
    b"       <apple-fi:AngleInfoRoll>270</apple-fi:AngleInfoRoll>\n       <apple-fi:FaceID>12</apple-fi:FaceID>\n"
    b"      </mwg-rs:Extensions>\n",
)

PROGRAMS = {"Apple": APPLE, "digiKam": DIGIKAM, "Lightroom": LIGHTROOM, "ExifTool": EXIFTOOL, "Microsoft": MICROSOFT, "compact": COMPACT}
"""Marie Curie, in the same place of the stored photo of 400 x 300 pixels: from (0.2, 0.3) to (0.4, 0.5)."""
